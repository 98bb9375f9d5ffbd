"""Draws samples from a generator with the protocol's batch-norm statistics and with a seed for every block."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal, runtime_checkable
from typing import Protocol as Interface

import torch
from torch import Tensor, nn

from landscape.components.metrics._base import METRICS, Pairs
from landscape.config.protocol import Protocol
from landscape.core.errors import SamplesError, UserError
from landscape.evaluation.given import Given, require_finite, require_unit_range
from landscape.evaluation.handling import QUANTISATION, to_levels

BatchNormMode = Literal["moving", "batch", "standing"]
Sampler = Callable[[int, int], Tensor | tuple[Tensor, Tensor]]
"""A function of a number and a seed that returns images in [0, 1] (N, C, H, W) or points (N, D). If the model is class-conditional, it
returns the labels [N] int64 too.
"""


@runtime_checkable
class RowSampler(Interface):
    """A sampler whose i-th sample is made under the condition of the i-th real sample. It is also called as every `Sampler` is."""

    pairs: Pairs
    """The conditions, without draws."""

    def of_rows(self, rows: Tensor, seed: int) -> Tensor:
        """Return a sample [n, C, H, W] in [0, 1] under the condition of each of `rows` [n] int64."""


BLOCK = 10_000
"""The number of samples that are drawn at once: 2 GB of floats at 3x128x128."""
BLOCK_SEEDS_APART = 1_000_003
"""The difference between the seeds of two blocks."""
DRAWS, DRAWN_ROWS = 8, 128
"""The number of samples that are drawn under one condition for the diversity, and the number of conditions."""
DRAW_SEED = 600_000
"""A number that is added to the protocol's seed for these samples."""
STANDING_SEED = 400_000
"""The seed of standing statistics, which come from other latents than the samples."""


@contextlib.contextmanager
def batch_norm_mode(
    generator: nn.Module, mode: BatchNormMode, *, accumulate: Callable[[int], object] | None = None, samples: int = 0
) -> Iterator[nn.Module]:
    """Put `generator` into evaluation mode with the batch-norm statistics that `mode` names. Afterwards it is as it was before.

    `moving` stands for the averages of the training, and `batch` for the statistics of each batch, which are not kept. `standing` stands
    for statistics that are accumulated anew over `samples` samples with the final weights (BigGAN), in which all batches count equally.

    Args:
        generator: A module, whose layers with running statistics are found by their type.
        mode: The kind of statistics.
        accumulate: Runs forward passes of the given number of samples, which `standing` needs.
        samples: The number of samples over which `standing` accumulates.
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
        norm.momentum = None  # None stands for the plain mean over all batches.
    accumulate(samples)
    for norm in norms:
        norm.eval()


@contextlib.contextmanager
def protocol_mode(generator: object, sampler: Sampler, protocol: Protocol) -> Iterator[None]:
    """Give the generator that `sampler` runs the protocol's batch-norm statistics within this context.

    Raises:
        UserError: The protocol asks for other statistics than the moving averages, but the generator is no module.
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
    """Yield the number and the seed of each block of `number` samples. The first block has `seed`, and the others have seeds far apart."""
    for i, start in enumerate(range(0, number, BLOCK)):
        yield min(BLOCK, number - start), seed + BLOCK_SEEDS_APART * i


def draw(sampler: Sampler, number: int, seed: int, quantize: str) -> Given:
    """Draw `number` samples. They are quantized block by block, so that the floats of a large set need not fit in memory.

    A sampler of a class-conditional model returns samples and labels [n] int64. The labels stay with the set for metrics that read them.

    Raises:
        SamplesError: Samples are not finite or leave [0, 1].
        UserError: There are too few samples.
    """
    try:
        drawn = [_drawn(made, quantize) for made in _made(sampler, number, seed)]
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


def _made(sampler: Sampler, number: int, seed: int) -> Iterator[Tensor | tuple[Tensor, Tensor]]:
    """Yield what the sampler makes, block by block. Conditions that belong to rows are used again if there are fewer than samples."""
    done = 0
    for block, block_seed in blocks(number, seed):
        if isinstance(sampler, RowSampler):
            yield sampler.of_rows(torch.arange(done, done + block) % len(sampler.pairs.conditions), block_seed)
        else:
            yield sampler(block, block_seed)
        done += block


def pairs_of(sampler: Sampler, protocol: Protocol) -> Pairs | None:
    """Return the image conditions of the samples of `sampler`, with draws if `protocol` reads them, or None if there are none."""
    if not isinstance(sampler, RowSampler):
        return None
    if not any("draws" in METRICS[m.name].facts.needs for m in protocol.metrics):
        return sampler.pairs
    rows = torch.arange(min(DRAWN_ROWS, len(sampler.pairs.conditions)))
    made = [_levels(sampler.of_rows(rows, protocol.seed + DRAW_SEED + i).cpu(), protocol.quantize) for i in range(DRAWS)]
    return replace(sampler.pairs, draws=torch.stack(made, 1))


def draw_under(protocol: Protocol, sampler: Sampler, number: int, seed: int) -> Given:
    """Draw `number` samples for the scores of `protocol`: quantized as it says, with labels only if one of its metrics reads classes.

    Without this rule a score that treats labeled samples otherwise, as MS-SSIM does, would be another one for a class-conditional model
    than for every other model under the same protocol.

    Raises:
        SamplesError: As `draw`.
        UserError: As `draw`.
    """
    given = draw(sampler, number, seed, protocol.quantize)
    return given if reads_classes(protocol) else replace(given, labels=None)


def reads_classes(protocol: Protocol) -> bool:
    """Return whether a metric of `protocol` reads the classes of generated samples."""
    return any("labels" in METRICS[m.name].facts.needs for m in protocol.metrics)


def _drawn(made: Tensor | tuple[Tensor, Tensor], quantize: str) -> tuple[Tensor, Tensor | None]:
    """Return the samples as levels, and their labels if the sampler gave any."""
    samples, labels = made if isinstance(made, tuple) else (made, None)
    return _levels(samples.detach().cpu(), quantize), None if labels is None else labels.detach().cpu().to(torch.int64)


def _levels(batch: Tensor, quantize: str) -> Tensor:
    require_finite(batch, "generated samples")
    if batch.dim() != 4 or not batch.is_floating_point():
        return batch
    require_unit_range(batch, "model")
    return batch if quantize == "none" else to_levels(batch, quantize)
