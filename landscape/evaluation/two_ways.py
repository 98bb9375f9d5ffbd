"""Collects what the scores of a two-way game compare: the pictures of both sets, and what two generators make of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol as Interface
from typing import runtime_checkable

import torch
from torch import Tensor

from landscape.components.datasets._base import Dataset
from landscape.components.extractors._base import Extractor
from landscape.components.metrics._base import METRICS, BothWays
from landscape.components.tasks._asked import as_floats
from landscape.config.protocol import Protocol
from landscape.evaluation.extraction import EvaluationOptions, sample_set
from landscape.evaluation.given import Given
from landscape.evaluation.handling import to_levels
from landscape.evaluation.sampling import RowSampler, Sampler
from landscape.evaluation.splits import whole_other

OF_WAYS = frozenset({"ways", "cycles"})
"""What only models of a two-way game have."""
BACK_SEED = 700_000
"""A number that is added to the protocol's seed for the latent draws of pictures beside the generated samples."""


@runtime_checkable
class TwoWaySampler(Interface):
    """A sampler of a model that translates between two sets of pictures A and B."""

    def translated(self, pictures: Tensor, seed: int, *, back: bool) -> Tensor:
        """Return what a generator makes of pictures [N, C, H, W], both in [0, 1]: A to B, or with `back` B to A."""


@dataclass(frozen=True)
class Ways:
    """What a model made in both directions, as `BothWays`, before any features are computed."""

    a: Given
    back: Given
    classes: tuple[Tensor | None, Tensor | None]
    cycles: tuple[Tensor, Tensor] | None = None
    identities: tuple[Tensor, Tensor] | None = None

    def seen(self, protocol: Protocol, extractor: Extractor | None, options: EvaluationOptions) -> BothWays:
        """Return the forms of both sets that metrics read."""
        a, back = (sample_set(given, protocol, extractor, options, keep_images=False) for given in (self.a, self.back))
        return BothWays(a, back, self.classes, self.cycles, self.identities)


def reads_ways(protocol: Protocol) -> bool:
    """Return whether a metric of `protocol` reads what a model makes in both directions."""
    return any(METRICS[m.name].facts.needs & OF_WAYS for m in protocol.metrics)


def ways_of(sampler: Sampler, real: Given, protocol: Protocol) -> Ways | None:
    """Return what the model of `sampler` makes in both directions, or None if it has one, or if no metric reads it.

    Pictures are rounded as `protocol` says before a generator is given them, as a file would hold them.
    """
    if not (isinstance(sampler, RowSampler) and isinstance(sampler, TwoWaySampler) and reads_ways(protocol)):
        return None
    if sampler.pairs.task.facts.game != "two_way" or real.other is None:
        return None

    def there(pictures: Tensor) -> Tensor:
        return _rounded(sampler.translated(pictures, protocol.seed, back=False), protocol)

    def back(pictures: Tensor) -> Tensor:
        return _rounded(sampler.translated(pictures, protocol.seed + BACK_SEED, back=True), protocol)

    return _between(real, there, back)


def of_baseline(real: Given) -> Ways:
    """Return what two generators make that copy what they are given."""
    return _between(real, _copied, _copied)


def of_targets(real: Given, dataset: Dataset, protocol: Protocol) -> Ways | None:
    """Return what perfect generators could make of a data set, whose generated samples are the real ones: other real pictures of A.

    It is None if the data have no labels that say which class each picture was made of, or no other split.
    """
    names = [name for name in ("validation", "test", "train") if name in dataset.other and name != protocol.real_split]
    held_out = whole_other(dataset, names[0]) if names else None
    if real.other is None or held_out is None or held_out.labels is None or real.labels is None:
        return None
    held_out = held_out.first(len(real.other))
    return Ways(real.other, held_out, (real.labels, held_out.labels))


def _copied(pictures: Tensor) -> Tensor:
    return pictures


def _between(real: Given, there: Callable[[Tensor], Tensor], back: Callable[[Tensor], Tensor]) -> Ways:
    assert real.samples is not None
    assert real.other is not None
    assert real.other.samples is not None
    a, b = as_floats(real.other.samples), as_floats(real.samples)
    as_a = back(b)
    return Ways(
        real.other,
        Given((as_a * 255).round().to(torch.uint8), source="model, the way back", cached=False),
        (real.other.labels, real.labels),
        (_difference(back(there(a)), a), _difference(there(as_a), b)),
        (_difference(there(b), b), _difference(back(a), a)),
    )


def _rounded(pictures: Tensor, protocol: Protocol) -> Tensor:
    return as_floats(to_levels(pictures, "round" if protocol.quantize == "none" else protocol.quantize))


def _difference(one: Tensor, two: Tensor) -> Tensor:
    """Return the mean absolute difference [N] of pictures in [0, 1] with levels of 8 bits, whose sum has no rounding errors."""
    return ((one - two) * 255).round().abs().flatten(1).double().mean(1) / 255
