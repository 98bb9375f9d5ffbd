"""Samples from a generator: batch-norm statistics as the protocol says, a seed for every block."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Literal

import torch
from torch import Tensor, nn

from landscape.config.protocol import Protocol
from landscape.core.errors import SamplesError, UserError
from landscape.evaluation.given import Given, require_finite, require_unit_range
from landscape.evaluation.handling import QUANTISATION, to_levels

BatchNormMode = Literal["moving", "batch", "standing"]
Sampler = Callable[[int, int], Tensor | tuple[Tensor, Tensor]]
"""(number, seed) -> images in [0, 1] (N, C, H, W), or points (N, D); of a class-conditional model with the labels [N] int64 beside them."""

BLOCK = 10_000
"""Samples drawn at once: 2 GB of floats at 3x128x128."""
BLOCK_SEEDS_APART = 1_000_003
STANDING_SEED = 400_000
"""Standing statistics come from other latents than samples."""


@contextlib.contextmanager
def batch_norm_mode(
    generator: nn.Module, mode: BatchNormMode, *, accumulate: Callable[[int], object] | None = None, samples: int = 0
) -> Iterator[nn.Module]:
    """`generator` in evaluation mode, its batch norms reading the statistics that `mode` names; as it was, afterwards.

    moving: the averages kept in training. batch: each batch's own (nothing is updated that lasts). standing: statistics
    accumulated afresh over `samples` samples with the final weights (BigGAN), each batch counting alike.

    Args:
        generator: any module; layers with running statistics are found by type.
        mode: which statistics.
        accumulate: runs a forward pass of the given number of samples and says how many it made; needed for `standing`.
        samples: over how many samples `standing` accumulates.
    """
    norms = [m for m in generator.modules() if isinstance(m, nn.modules.batchnorm._NormBase) and m.track_running_stats]
    training = {m: m.training for m in generator.modules()}
    buffers = {name: buffer.clone() for name, buffer in generator.named_buffers()}
    momenta = [norm.momentum for norm in norms]
    generator.eval()
    try:
        if mode != "moving":
            for norm in norms:
                norm.train()
        if mode == "standing" and norms:
            assert accumulate is not None
            _accumulate(norms, accumulate, samples)
        yield generator
    finally:
        for module, was in training.items():
            module.training = was
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for name, buffer in generator.named_buffers():
            buffer.copy_(buffers[name])


def _accumulate(norms: list[nn.modules.batchnorm._NormBase], accumulate: Callable[[int], object], samples: int) -> None:
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # None: the plain mean over all batches
    accumulate(samples)
    for norm in norms:
        norm.eval()


@contextlib.contextmanager
def protocol_mode(generator: object, sampler: Sampler, protocol: Protocol) -> Iterator[None]:
    """The generator that `sampler` runs, with the batch-norm statistics of the protocol.

    Raises:
        UserError: the protocol asks for other statistics than the moving averages, and the generator is no module.
    """
    if not isinstance(generator, nn.Module):
        if protocol.batch_norm != "moving":
            message = f"protocol {protocol.name!r} samples with {protocol.batch_norm} batch-norm statistics"
            raise UserError(f"{message}: give the generator module, or override batch_norm with 'moving'")
        yield
        return

    def accumulate(samples: int) -> None:
        for block, seed in blocks(samples, STANDING_SEED):
            sampler(block, seed)

    with batch_norm_mode(generator, protocol.batch_norm, accumulate=accumulate, samples=protocol.standing_samples):
        yield


def blocks(number: int, seed: int) -> Iterator[tuple[int, int]]:
    """(number, seed) of each block that together make `number` samples: the first has the seed itself, the others seeds far apart."""
    for i, start in enumerate(range(0, number, BLOCK)):
        yield min(BLOCK, number - start), seed + BLOCK_SEEDS_APART * i


def draw(sampler: Sampler, number: int, seed: int, quantize: str) -> Given:
    """`number` samples as a set, quantized block by block, so that the floats of a large set need not fit in memory.

    A sampler of a class-conditional model returns (samples, labels): the labels [n] int64 that it was asked to draw stay with the set, for
    the metrics that read them.

    Raises:
        SamplesError: samples that are not finite or leave [0, 1].
        UserError: too few samples.
    """
    try:
        drawn = [_drawn(sampler(block, block_seed), quantize) for block, block_seed in blocks(number, seed)]
    except UserError as error:
        raise SamplesError(str(error)) from None
    samples = torch.cat([part for part, _ in drawn])
    labels = torch.cat([of for _, of in drawn if of is not None]) if all(of is not None for _, of in drawn) else None
    if len(samples) != number:
        raise UserError(f"the sampler gave {len(samples)} samples for {number}: return as many as asked")
    handling = {"seed": str(seed)} | ({"quantize": QUANTISATION[quantize]} if samples.dim() == 4 else {})
    if labels is not None and labels.shape != (number,):
        raise UserError(f"the sampler gave labels of shape {tuple(labels.shape)} for {number} samples: return one a sample")
    return Given(samples, labels=labels, source=f"model, seed {seed}", cached=False, handling=handling)


def _drawn(made: Tensor | tuple[Tensor, Tensor], quantize: str) -> tuple[Tensor, Tensor | None]:
    """The samples as levels, and their labels where the sampler gave any."""
    samples, labels = made if isinstance(made, tuple) else (made, None)
    return _levels(samples.detach().cpu(), quantize), None if labels is None else labels.detach().cpu().to(torch.int64)


def _levels(batch: Tensor, quantize: str) -> Tensor:
    require_finite(batch, "generated samples")
    if batch.dim() != 4 or not batch.is_floating_point():
        return batch
    require_unit_range(batch, "model")
    return batch if quantize == "none" else to_levels(batch, quantize)
