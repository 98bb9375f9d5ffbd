"""Draws mixtures of Gaussians of one width, with NumPy's legacy generator, whose stream of numbers never changes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from landscape.components.datasets._base import Dataset, Modes
from landscape.components.datasets._preparing.memory import in_memory


@dataclass(frozen=True)
class Shape:
    """What a named preset of a mixture decides."""

    count: int
    """The number of modes; of a grid, the number of modes on each side."""
    scale: float
    """The radius of a ring, or the distance between neighboring modes."""
    sigma: float
    """The standard deviation of each coordinate around its center."""

    def changed(self, count: int | None, scale: float | None, sigma: float | None) -> "Shape":
        """Return this shape with every value that is not None in place of the preset's."""
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
    """Draw a mixture of Gaussians. The points are in random order, and the label of a point is its mode.

    Every mode gets its exact share of each split, up to one point. The papers draw the mode of each point at random instead.

    Args:
        name: The name of the data set.
        centers: The centers of the modes, (M, D).
        sigma: The standard deviation of every coordinate around its center, or one value for each of the D coordinates.
        points: The number of points in the training split.
        held_out: The number of points in the validation split, and also in the test split.
        seed: The seed of the draw.
        weights: Relative weights of the modes, as whole numbers. None stands for equal weights.
    """
    random = np.random.RandomState(seed)
    turn = np.repeat(np.arange(len(centers)), 1 if weights is None else np.asarray(weights))
    splits = {}
    for split, count in (("train", points), ("validation", held_out), ("test", held_out)):
        labels = random.permutation(np.resize(turn, count))
        splits[split] = (centers[labels] + sigma * random.standard_normal((count, centers.shape[1])), labels)
    modes = Modes(torch.from_numpy(centers.astype(np.float32)), float(np.max(sigma)))
    return in_memory(name, splits, classes=len(centers), bounds=None, modes=modes, handling={"draw": f"seed {seed}"})
