"""Gaussians on a circle."""

from typing import Literal

import numpy as np

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.components.datasets._drawing.mixtures import Shape, gaussian_mixture
from landscape.core.registry import Positive, PositiveInt, Seed

PRESETS = {
    "pacgan": Shape(count=8, scale=1.0, sigma=0.01),
    # The published code draws at radius 2 with sigma 0.02 and divides all coordinates by 1.414.
    "wgan_gp": Shape(count=8, scale=2 / 1.414, sigma=0.02 / 1.414),
    "unrolled": Shape(count=8, scale=2.0, sigma=0.02),
    # The notebook takes 8 angles from 0 to 2 pi, both ends included. These are 7 places, of which one has twice the weight.
    "unrolled_notebook": Shape(count=7, scale=1.0, sigma=0.01),
}


@DATASETS.register(
    samples="points",
    shape=(2,),
    source="drawn, nothing to fetch",
    paper="VEEGAN, Srivastava et al. 2017; PacGAN, Lin et al. 2018; WGAN-GP, Gulrajani et al. 2017; Unrolled GAN, Metz et al. 2017",
)
def ring(
    *,
    preset: Literal["pacgan", "wgan_gp", "unrolled", "unrolled_notebook"] = "pacgan",
    modes: PositiveInt | None = None,
    radius: Positive | None = None,
    sigma: Positive | None = None,
    points: PositiveInt = 100_000,
    held_out: PositiveInt = 10_000,
    seed: Seed = 0,
) -> Dataset:
    """Gaussians at equal angles on a circle. The label of a point is its mode.

    The preset `pacgan`, which is also VEEGAN's, has 8 modes, radius 1 and sigma 0.01. `wgan_gp` has radius 2 and sigma 0.02, both divided
    by 1.414. `unrolled` has radius 2 and sigma 0.02; these values of the paper's appendix were not checked against the source.
    `unrolled_notebook` is the authors' demonstration, with radius 1 and sigma 0.01. The first and the last of its 8 modes coincide, so that
    there are 7 modes, of which the first has twice the weight.

    A fixed set is drawn, as in PacGAN's code. Every mode has its exact share of it. The other papers draw every batch anew.

    Args:
        preset: A published variant. The next three values, where they are given, replace its own.
        modes: The number of Gaussians.
        radius: The radius of the circle.
        sigma: The standard deviation of each Gaussian.
        points: The number of points to train on.
        held_out: The number of points in the validation split, and also in the test split.
        seed: The seed of the draw.
    """
    shape = PRESETS[preset].changed(modes, radius, sigma)
    angles = 2 * np.pi * np.arange(shape.count) / shape.count
    centers = shape.scale * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    weights = [2, *[1] * (shape.count - 1)] if preset == "unrolled_notebook" else None
    return gaussian_mixture("ring", centers, shape.sigma, points=points, held_out=held_out, seed=seed, weights=weights)
