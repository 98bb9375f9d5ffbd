"""Makes data sets from arrays in memory, for data that are small or drawn."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscape.components.datasets._base import Channels, Dataset, Split
from landscape.components.datasets._preparing.content import content_hash
from landscape.components.datasets._preparing.pictures import Fit, fitted, from_array

Array = NDArray[Any]


Arrays = Mapping[str, tuple[Array, Array | None]]
"""For each split its samples and its labels."""


def in_memory(name: str, splits: Arrays, *, other: Arrays | None = None, **facts: Any) -> Dataset:
    """Make a data set from arrays.

    Args:
        name: The name of the data set.
        splits: For each split its samples and its labels. Samples are uint8 images (N, C, H, W), or floats (N, D), which are kept as
            float32. Labels are integers (N,), or None.
        other: The same for a second set of images (`Dataset.other`).
        **facts: Further fields of the `Dataset`.
    """
    made, second = (
        {split: Split(_samples(samples), None if labels is None else _labels(labels)) for split, (samples, labels) in arrays.items()}
        for arrays in (splits, other or {})
    )
    return Dataset(name=name, splits=made, content_hash=content_hash(made, second), other=second, **facts)


def _samples(array: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.uint8 if array.dtype == np.uint8 else np.float32))


def _labels(array: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.int64))


def converted(dataset: Dataset, resolution: int | None, channels: Channels | None) -> Dataset:
    """Bring a data set to another resolution or to other channels, and renew its hash and its handling.

    A data set that has them already is returned as it is.
    """
    have_channels, height, width = dataset.shape
    if (height, width) == (resolution or height, resolution or width) and have_channels == (channels or have_channels):
        return dataset
    fit = Fit(resolution, channels)
    splits, other = (
        {
            name: replace(split, samples=_fitted(split.samples, fit), inputs=None if split.inputs is None else _fitted(split.inputs, fit))
            for name, split in each.items()
        }
        for each in (dataset.splits, dataset.other)
    )
    handling = {**dataset.handling, **fit.describe()} | ({"channels": {1: "gray", 3: "RGB"}[channels]} if channels else {})
    return replace(dataset, splits=splits, other=other, content_hash=content_hash(splits, other), handling=handling)


def _fitted(samples: Tensor, fit: Fit) -> Tensor:
    return torch.from_numpy(np.stack([fitted(from_array(levels), fit) for levels in samples.numpy()]))
