"""Gaussians on a circle."""

from typing import Literal

import numpy as np

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.components.datasets._drawing.mixtures import Shape, gaussian_mixture
from landscape.core.registry import Positive, PositiveInt, Seed

PRESETS = {
    "pacgan": Shape(count=8, scale=1.0, sigma=0.01),
    # Drawn at radius 2 and sigma 0.02, then divided by 1.414: the published code's own constant.
    "wgan_gp": Shape(count=8, scale=2 / 1.414, sigma=0.02 / 1.414),
    "unrolled": Shape(count=8, scale=2.0, sigma=0.02),
    # 8 angles from 0 to 2 pi with both ends: 7 places, one of them twice as heavy.
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
    """Gaussians at equal angles on a circle; labels are the modes.

    Presets: `pacgan` (also VEEGAN's) 8 modes, radius 1, sigma 0.01. `wgan_gp` radius 2 and sigma 0.02, both divided by 1.414.
    `unrolled` radius 2, sigma 0.02 (the paper's appendix, from memory: not read in the source). `unrolled_notebook`, the authors'
    demonstration, radius 1, sigma 0.01, whose first and last of 8 modes coincide: 7 modes, the first twice as heavy.

    A fixed set is drawn, each mode with its exact share of it; PacGAN's code too has a fixed set, the others draw every batch anew.

    Args:
        preset: a published variant; the next three change it.
        modes: number of Gaussians.
        radius: of the circle.
        sigma: standard deviation of each Gaussian.
        points: to train on.
        held_out: points of the validation split, and of the test split.
        seed: of the draw.
    """
    shape = PRESETS[preset].changed(modes, radius, sigma)
    angles = 2 * np.pi * np.arange(shape.count) / shape.count
    centers = shape.scale * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    weights = [2, *[1] * (shape.count - 1)] if preset == "unrolled_notebook" else None
    return gaussian_mixture("ring", centers, shape.sigma, points=points, held_out=held_out, seed=seed, weights=weights)
