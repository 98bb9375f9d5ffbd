"""Mixtures of Gaussians of one width, drawn with NumPy's legacy generator, whose stream never changes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from landscape.components.datasets._base import Dataset, Modes
from landscape.components.datasets._preparing.memory import in_memory


@dataclass(frozen=True)
class Shape:
    """What a named preset decides: number of modes (a side), radius or spacing, standard deviation."""

    count: int
    scale: float
    sigma: float

    def changed(self, count: int | None, scale: float | None, sigma: float | None) -> "Shape":
        """With those values that are not None in the place of the preset's."""
        return Shape(
            count=self.count if count is None else count,
            scale=self.scale if scale is None else scale,
            sigma=self.sigma if sigma is None else sigma,
        )


def gaussian_mixture(
    name: str,
    centers: NDArray[np.float64],
    sigma: float | NDArray[np.float64],
    *,
    points: int,
    held_out: int,
    seed: int,
    weights: Sequence[int] | None = None,
) -> Dataset:
    """`points` to train on and twice `held_out`, in random order; labels are the modes.

    Every mode gets its exact share of each split, up to one point (the sources draw the modes too).

    Args:
        name: of the data set.
        centers: (M, D).
        sigma: standard deviation of each coordinate around its center, or one for each of the D.
        points: of the training split.
        held_out: points of the validation split, and of the test split.
        seed: of the draw.
        weights: of the modes, relative; None for equal ones.
    """
    random = np.random.RandomState(seed)
    turn = np.repeat(np.arange(len(centers)), 1 if weights is None else np.asarray(weights))
    splits = {}
    for split, count in (("train", points), ("validation", held_out), ("test", held_out)):
        labels = random.permutation(np.resize(turn, count))
        splits[split] = (centers[labels] + sigma * random.standard_normal((count, centers.shape[1])), labels)
    modes = Modes(torch.from_numpy(centers.astype(np.float32)), float(np.max(sigma)))
    return in_memory(name, splits, classes=len(centers), bounds=None, modes=modes, handling={"draw": f"seed {seed}"})
