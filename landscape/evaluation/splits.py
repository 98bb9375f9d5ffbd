"""Which real samples select a model and which report on it: never the same ones."""

from typing import NamedTuple

import torch

from landscape.components.datasets._base import Dataset, SplitName
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError
from landscape.evaluation.given import Given

HALVING_SEED = 547


class RealSamples(NamedTuple):
    """Real samples and how they were chosen, in words."""

    samples: Given
    choice: str


def reporting(dataset: Dataset, protocol: Protocol) -> RealSamples:
    """The real samples that the protocol names: its split, the first n_real in file order or a random subset from its seed.

    Where the data set has that split alone, nothing else could select: the second half of a fixed permutation reports.

    Raises:
        UserError: no such split, or fewer samples than the protocol needs.
    """
    if _only_split(dataset, protocol):
        return _subset(_half(dataset, protocol.real_split, 1), protocol, "second half of a fixed permutation")
    return _subset(whole(dataset, protocol.real_split), protocol, protocol.real_split)


def selection(dataset: Dataset, protocol: Protocol) -> RealSamples:
    """Real samples for choosing a model, disjoint from `reporting`: the validation split, else another one, else a fixed half.

    Of at most n_real samples; a smaller split is taken whole, since these scores are compared with one another only.
    """
    if _only_split(dataset, protocol):
        return _at_most(_half(dataset, protocol.real_split, 0), protocol, "first half of a fixed permutation")
    order: tuple[SplitName, ...] = ("validation", "train", "test")
    name = next(n for n in order if n in dataset.splits and n != protocol.real_split)
    return _at_most(whole(dataset, name), protocol, name)


def _only_split(dataset: Dataset, protocol: Protocol) -> bool:
    # `all` leaves nothing over; so does the only split there is.
    return protocol.real_split == "all" or set(dataset.splits) == {protocol.real_split}


def whole(dataset: Dataset, name: str) -> Given:
    """One split of a data set, under the identity that the feature cache knows it by."""
    split = dataset.split(name)
    source, identity = f"{dataset.name} {name}", f"{dataset.content_hash}/{name}"
    return Given(split.samples, labels=split.labels, source=source, identity=identity, handling=dataset.handling)


def _half(dataset: Dataset, name: SplitName, which: int) -> Given:
    everything = whole(dataset, name)
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
