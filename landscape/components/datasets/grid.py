"""Gaussians on a square grid."""

from itertools import product
from typing import Literal

import numpy as np

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.components.datasets._drawing.mixtures import Shape, gaussian_mixture
from landscape.core.registry import Positive, PositiveInt, Seed

PRESETS = {
    "pacgan": Shape(count=5, scale=2.0, sigma=0.05),
    # The published code divides all coordinates by 2.828.
    "wgan_gp": Shape(count=5, scale=2 / 2.828, sigma=0.05 / 2.828),
}


@DATASETS.register(
    samples="points",
    shape=(2,),
    source="drawn, nothing to fetch",
    paper="VEEGAN, Srivastava et al. 2017; PacGAN, Lin et al. 2018; WGAN-GP, Gulrajani et al. 2017",
)
def grid(
    *,
    preset: Literal["pacgan", "wgan_gp"] = "pacgan",
    side: PositiveInt | None = None,
    spacing: Positive | None = None,
    sigma: Positive | None = None,
    points: PositiveInt = 100_000,
    held_out: PositiveInt = 10_000,
    seed: Seed = 0,
) -> Dataset:
    """Gaussians on a square grid around the origin. The label of a point is its mode, counted row by row.

    The preset `pacgan`, which is also VEEGAN's, has 25 modes at {-4, -2, 0, 2, 4}^2 with sigma 0.05. `wgan_gp` is the same, divided by
    2.828.

    A fixed set is drawn, as in PacGAN's code. Every mode has its exact share of it.

    Args:
        preset: A published variant. The next three values, where they are given, replace its own.
        side: The number of modes on each side of the grid.
        spacing: The distance between neighboring modes.
        sigma: The standard deviation of each Gaussian.
        points: The number of points to train on.
        held_out: The number of points in the validation split, and also in the test split.
        seed: The seed of the draw.
    """
    shape = PRESETS[preset].changed(side, spacing, sigma)
    axis = shape.scale * (np.arange(shape.count) - (shape.count - 1) / 2)
    centers = np.array(list(product(axis, axis)))
    return gaussian_mixture("grid", centers, shape.sigma, points=points, held_out=held_out, seed=seed)
