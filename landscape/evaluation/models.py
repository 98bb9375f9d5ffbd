"""Scores of a trained model on a data set, for selection or for the report; and the floor that real samples reach."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from landscape.components.datasets._base import Dataset
from landscape.components.metrics._base import METRICS
from landscape.config.protocol import Protocol
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation.extraction import EvaluationOptions
from landscape.evaluation.given import Given
from landscape.evaluation.sampling import Sampler, draw, protocol_mode
from landscape.evaluation.scoring import Aids, score
from landscape.evaluation.splits import RealSamples, reporting, selection, whole
from landscape.results.record import Scores

FLOOR_DRAWS = 4
"""Sets of real samples that the floor averages over."""
SELECTION_SEED_OFFSET = 500_000
"""Selection draws its latents from seeds that no reporting run uses."""


def evaluate_model(
    sampler: Sampler,
    dataset: Dataset,
    protocol: Protocol | str,
    *,
    generator: Callable[[Tensor], Tensor] | None = None,
    discriminator: Callable[[Tensor], Any] | None = None,
    latent: Callable[[int], Tensor] | None = None,
    options: EvaluationOptions | None = None,
    checkpoint: str = "last",
) -> Scores:
    """Score a trained model for the report: samples drawn anew for each averaging run, real samples as the protocol says.

    Args:
        sampler: (number, seed) -> images in [0, 1] or points.
        dataset: what the model was trained on.
        protocol: a Protocol or the name of one.
        generator: what the sampler runs: its batch norms read the protocol's statistics meanwhile; some metrics differentiate it.
        discriminator: samples in [0, 1] -> logits [N], or an Output; read in evaluation mode.
        latent: number -> z [number, latent], for metrics of the generator.
        options: device, cache, weights, progress.
        checkpoint: which weights these are, for the record.

    Raises:
        UserError: too few real samples, samples that are not finite or leave [0, 1], weights missing or wrong.
    """
    protocol = get(protocol) if isinstance(protocol, str) else protocol
    real = reporting(dataset, protocol)
    number = protocol.n_fake or len(real.samples)
    draws = [partial(draw, sampler, number, protocol.seed + run, protocol.quantize) for run in range(protocol.averaging_runs)]
    with protocol_mode(generator, sampler, protocol), _evaluating(discriminator) as critic:
        aids = Aids(dataset=dataset, generator=generator, latent=latent, discriminator=critic)
        return score(real, draws, protocol, aids, options or EvaluationOptions(), checkpoint)


def select_model(
    sampler: Sampler,
    dataset: Dataset,
    protocol: Protocol | str,
    *,
    generator: Callable[[Tensor], Tensor] | None = None,
    options: EvaluationOptions | None = None,
    checkpoint: str = "last",
) -> Scores:
    """Score a model while it is being chosen: other real samples and other seeds than `evaluate_model`, one run, the objective alone.

    Raises:
        UserError: as `evaluate_model`; a protocol without an objective.
    """
    protocol = get(protocol) if isinstance(protocol, str) else protocol
    real, chosen = selection(dataset, protocol), selection_protocol(protocol)
    number = min(protocol.n_fake or len(real.samples), len(real.samples))
    with protocol_mode(generator, sampler, protocol):
        draws = [partial(draw, sampler, number, protocol.seed + SELECTION_SEED_OFFSET, protocol.quantize)]
        return score(real, draws, chosen, Aids(dataset=dataset), options or EvaluationOptions(), checkpoint)


@contextlib.contextmanager
def _evaluating(discriminator: Callable[[Tensor], Any] | None) -> Iterator[Callable[[Tensor], Tensor] | None]:
    """The discriminator as samples -> logits, in evaluation mode; its mode is restored."""
    if discriminator is None:
        yield None
        return

    def logits(samples: Tensor) -> Tensor:
        output = discriminator(samples)
        # Not getattr with a default: a tensor has a method of that name.
        values: Tensor = output if isinstance(output, Tensor) else output.logit
        return values

    if not isinstance(discriminator, nn.Module):
        yield logits
        return
    modes = {module: module.training for module in discriminator.modules()}
    discriminator.eval()
    try:
        yield logits
    finally:
        for module, mode in modes.items():
            module.training = mode


def selection_protocol(protocol: Protocol) -> Protocol:
    """`protocol` as it selects models: the objective's metric alone, one run, all real samples that there are.

    Raises:
        UserError: the protocol has no objective, or no metric of it gives that score.
    """
    if not protocol.objective:
        raise UserError(f"protocol {protocol.name!r} has no objective to select by: override `objective` with one of its scores")
    chosen = tuple(m for m in protocol.metrics if gives(m.name, protocol.objective))
    if not chosen:
        raise UserError(f"no metric of protocol {protocol.name!r} gives its objective {protocol.objective!r}")
    return varied(protocol, name=f"{protocol.name}/selection", metrics=[m.to_json() for m in chosen], averaging_runs=1)


def gives(metric: str, score_name: str) -> bool:
    """Whether `metric` returns the public name `score_name`, in which the extractor may stand without its variant."""
    stem, bracket, _ = score_name.partition("[")
    patterns = METRICS[metric].facts.names
    return any(pattern == score_name or (bracket and pattern.partition("[")[::2] == (stem, "{extractor}]")) for pattern in patterns)


def floor(dataset: Dataset, protocol: Protocol | str, *, options: EvaluationOptions | None = None) -> Scores:
    """What other real samples score in the place of generated ones: no model can be expected below it at these sizes.

    The reporting samples against as many others, drawn at random from every other split: a model's samples too have their classes by
    chance, and stratified splits laid against each other would score better than any independent sample can. Up to `FLOOR_DRAWS`
    disjoint draws, as many as there are samples for; values are their means, `spread` their standard deviation. Where there are not
    as many, fewer stand in, and where the protocol compares equal numbers both sets are cut; every estimate carries its numbers.

    Raises:
        UserError: the data set has too few samples.
    """
    protocol = get(protocol) if isinstance(protocol, str) else protocol
    real, others = reporting(dataset, protocol), _others(dataset, protocol)
    number, draws_taken = _floor_size(real, others, protocol)
    if number < len(real.samples) and protocol.n_fake is None:
        real = RealSamples(real.samples.first(number), f"{real.choice}, cut to {number}")
    order = torch.randperm(sum(map(len, others)), generator=torch.Generator().manual_seed(protocol.seed))
    parts = torch.split(order[: number * draws_taken], number)
    draws = [partial(_picked, others, part.sort().values, f"floor {number}, draw {i}") for i, part in enumerate(parts)]
    return score(real, draws, protocol, Aids(dataset=dataset), options or EvaluationOptions(), "real")


def floor_draws(dataset: Dataset, protocol: Protocol) -> int:
    """How many sets of samples `floor` scores."""
    return _floor_size(reporting(dataset, protocol), _others(dataset, protocol), protocol)[1]


def _floor_size(real: RealSamples, others: Sequence[Given], protocol: Protocol) -> tuple[int, int]:
    """Samples of a draw, and draws."""
    available, wanted = sum(map(len, others)), protocol.n_fake or len(real.samples)
    number = min(wanted, available)
    return number, min(FLOOR_DRAWS, available // number)


def _others(dataset: Dataset, protocol: Protocol) -> list[Given]:
    """Every split that holds none of the reporting samples."""
    if protocol.real_split == "all" or set(dataset.splits) == {protocol.real_split}:
        return [selection(dataset, varied(protocol, n_real=None)).samples]
    return [whole(dataset, n) for n in ("validation", "train", "test") if n in dataset.splits and n != protocol.real_split]


def _picked(sets: Sequence[Given], index: Tensor, name: str) -> Given:
    """The samples at `index` (ascending) of `sets` laid end to end."""
    parts, start = [], 0
    for given in sets:
        inside = index[(index >= start) & (index < start + len(given))] - start
        parts.append(given.take(inside, name))
        start += len(given)
    samples, labels = ([p.samples for p in parts if p.samples is not None], [p.labels for p in parts if p.labels is not None])
    return Given(
        torch.cat(samples),
        labels=torch.cat(labels) if len(labels) == len(parts) else None,
        source=f"{sets[0].source} and other splits" if len(sets) > 1 else sets[0].source,
        identity=f"{'+'.join(s.identity for s in sets)}/{name}",
        handling=sets[0].handling,
    )
