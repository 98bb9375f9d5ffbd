"""Gaussians on a square grid."""

from itertools import product
from typing import Literal

import numpy as np

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.components.datasets._drawing.mixtures import Shape, gaussian_mixture
from landscape.core.registry import Positive, PositiveInt, Seed

PRESETS = {
    "pacgan": Shape(count=5, scale=2.0, sigma=0.05),
    # The same, divided by 2.828: the published code's own constant.
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
    """Gaussians on a square grid around the origin; labels are the modes, row by row.

    Presets: `pacgan` (also VEEGAN's) 25 modes at {-4, -2, 0, 2, 4}^2, sigma 0.05. `wgan_gp` the same, divided by 2.828.

    A fixed set is drawn, each mode with its exact share of it; PacGAN's code too has a fixed set.

    Args:
        preset: a published variant; the next three change it.
        side: modes a side.
        spacing: between neighboring modes.
        sigma: standard deviation of each Gaussian.
        points: to train on.
        held_out: points of the validation split, and of the test split.
        seed: of the draw.
    """
    shape = PRESETS[preset].changed(side, spacing, sigma)
    axis = shape.scale * (np.arange(shape.count) - (shape.count - 1) / 2)
    centers = np.array(list(product(axis, axis)))
    return gaussian_mixture("grid", centers, shape.sigma, points=points, held_out=held_out, seed=seed)
