"""Chooses the real samples that select a model and those that report on it, which are never the same."""

from dataclasses import replace
from typing import NamedTuple

import torch

from landscape.components.datasets._base import Dataset, SplitName
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError
from landscape.evaluation.given import Given

HALVING_SEED = 547
"""The seed of the permutation by which a data set with a single split is halved."""


class RealSamples(NamedTuple):
    """Real samples, and in words how they were chosen."""

    samples: Given
    choice: str


def reporting(dataset: Dataset, protocol: Protocol) -> RealSamples:
    """Return the real samples that the protocol names: the first n_real of its split in file order, or a random subset from its seed.

    If the data set has only that split, no other split could select a model. The second half of a fixed permutation then reports.

    Raises:
        UserError: There is no such split, or it has fewer samples than the protocol needs.
    """
    if _only_split(dataset, protocol):
        return _subset(_half(dataset, protocol.real_split, 1), protocol, "second half of a fixed permutation")
    return _subset(whole(dataset, protocol.real_split), protocol, protocol.real_split)


def selection(dataset: Dataset, protocol: Protocol) -> RealSamples:
    """Return real samples for choosing a model, none of which is in `reporting`: the validation split, another split, or a fixed half.

    There are at most n_real of them. A smaller split is taken whole, because these scores are only compared with one another.
    """
    if _only_split(dataset, protocol):
        return _at_most(_half(dataset, protocol.real_split, 0), protocol, "first half of a fixed permutation")
    order: tuple[SplitName, ...] = ("validation", "train", "test")
    name = next(n for n in order if n in dataset.splits and n != protocol.real_split)
    return _at_most(whole(dataset, name), protocol, name)


def _only_split(dataset: Dataset, protocol: Protocol) -> bool:
    # `all` leaves no other samples, and neither does a data set with one split.
    return protocol.real_split == "all" or set(dataset.splits) == {protocol.real_split}


def whole(dataset: Dataset, name: str) -> Given:
    """Return one split of a data set with the identity by which the feature cache knows it."""
    split = dataset.split(name)
    source, identity = f"{dataset.name} {name}", f"{dataset.content_hash}/{name}"
    return Given(
        split.samples,
        labels=split.labels,
        source=source,
        identity=identity,
        inputs=split.inputs,
        tokens=split.tokens,
        other=whole_other(dataset, name),
        handling=dataset.handling,
    )


def whole_other(dataset: Dataset, name: str) -> Given | None:
    """Return one split of the second set of pictures of a data set, or None if it has none."""
    split = dataset.other.get(name)
    if split is None:
        return None
    source, identity = f"second set of {dataset.name} {name}", f"{dataset.content_hash}/other {name}"
    return Given(split.samples, labels=split.labels, source=source, identity=identity, handling=dataset.handling)


def _half(dataset: Dataset, name: SplitName, which: int) -> Given:
    everything = whole(dataset, name)
    half = _half_of(everything, which)
    return half if everything.other is None else replace(half, other=_half_of(everything.other, which))


def _half_of(everything: Given, which: int) -> Given:
    order = torch.randperm(len(everything), generator=torch.Generator().manual_seed(HALVING_SEED))
    middle = len(everything) // 2
    return everything.take((order[middle:] if which else order[:middle]).sort().values, f"half {which}")


def _subset(given: Given, protocol: Protocol, words: str) -> RealSamples:
    wanted = protocol.n_real or len(given)
    if wanted > len(given):
        message = f"protocol {protocol.name!r} needs {wanted} real samples, {given.source!r} ({words}) has {len(given)}"
        raise UserError(f"{message}: choose another protocol or override n_real")
    return RealSamples(_chosen(given, wanted, protocol), f"{words}, {wanted} samples" + _order(wanted, given, protocol))


def _at_most(given: Given, protocol: Protocol, words: str) -> RealSamples:
    wanted = min(protocol.n_real or len(given), len(given))
    return RealSamples(_chosen(given, wanted, protocol), f"{words}, {wanted} samples" + _order(wanted, given, protocol))


def _chosen(given: Given, wanted: int, protocol: Protocol) -> Given:
    if wanted == len(given):
        return given
    if protocol.real_order == "file":
        return given.first(wanted)
    order = torch.randperm(len(given), generator=torch.Generator().manual_seed(protocol.seed))
    return given.take(order[:wanted].sort().values, f"random {wanted}, seed {protocol.seed}")


def _order(wanted: int, given: Given, protocol: Protocol) -> str:
    if wanted == len(given):
        return ""
    return " first in file order" if protocol.real_order == "file" else f" drawn with seed {protocol.seed}"
