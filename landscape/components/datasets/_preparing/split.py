"""Divides samples into train, validation and test, with NumPy's legacy generator, whose stream of numbers never changes."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from landscape.core.errors import UserError

Indices = NDArray[np.int64]


def stratified(labels: Indices, sizes: Mapping[str, int], seed: int) -> dict[str, Indices]:
    """Divide samples so that every class is equally frequent in every split but train; return the sorted indices of each split.

    Args:
        labels: The class of each sample.
        sizes: For each split but train, its number of samples of each class. `train` gets the rest.
        seed: The seed of the shuffle within each class.
    """
    random = np.random.RandomState(seed)
    parts: dict[str, list[Indices]] = {"train": [], **{name: [] for name in sizes}}
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        start = 0
        for name, size in sizes.items():
            parts[name].append(members[start : start + size])
            start += size
        parts["train"].append(members[start:])
    return {name: np.sort(np.concatenate(members)) for name, members in parts.items()}


def by_fraction(count: int, fractions: Mapping[str, float], seed: int, what: str) -> dict[str, Indices]:
    """Divide `count` samples at random; return the sorted indices of each split.

    Args:
        count: The number of samples.
        fractions: For each split but train, its share of the samples. The number of samples is rounded down. `train` gets the rest.
        seed: The seed of the shuffle.
        what: The name of the samples in messages.

    Raises:
        UserError: No sample would be left to train on.
    """
    order = np.random.RandomState(seed).permutation(count)
    parts: dict[str, Indices] = {}
    start = 0
    for name, fraction in fractions.items():
        size = int(count * fraction)
        parts[name] = np.sort(order[start : start + size])
        start += size
    if start >= count:
        raise UserError(f"{what}: {count} pictures with fractions {dict(fractions)} leave none to train on: lower the fractions")
    return {"train": np.sort(order[start:]), **parts}
