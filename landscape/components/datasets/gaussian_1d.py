"""Gaussians on a line."""

from typing import Literal

import numpy as np

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.components.datasets._drawing.mixtures import Shape, gaussian_mixture
from landscape.core.registry import Positive, PositiveInt, Seed

PRESETS = {
    "normal": Shape(count=1, scale=1.0, sigma=1.0),
    "pair": Shape(count=2, scale=4.0, sigma=0.5),
    "five": Shape(count=5, scale=2.0, sigma=0.2),
}


@DATASETS.register(
    samples="points",
    shape=(1,),
    source="drawn, nothing to fetch",
    paper="Goodfellow et al. 2014, figure 1 (of whose p_real no parameters are given)",
)
def gaussian_1d(
    *,
    preset: Literal["normal", "pair", "five"] = "normal",
    modes: PositiveInt | None = None,
    spacing: Positive | None = None,
    sigma: Positive | None = None,
    center: float = 0.0,
    points: PositiveInt = 100_000,
    held_out: PositiveInt = 10_000,
    seed: Seed = 0,
) -> Dataset:
    """Equal Gaussians at equal distances on a line. The label of a point is its mode.

    The paper gives no parameters. The presets here are `normal`, N(0, 1); `pair`, at -2 and 2 with sigma 0.5; and `five`, at -4, -2, 0, 2
    and 4 with sigma 0.2.

    Args:
        preset: A named mixture. The next three values, where they are given, replace its own.
        modes: The number of Gaussians.
        spacing: The distance between neighboring modes.
        sigma: The standard deviation of each Gaussian.
        center: The center of the whole mixture.
        points: The number of points to train on.
        held_out: The number of points in the validation split, and also in the test split.
        seed: The seed of the draw.
    """
    shape = PRESETS[preset].changed(modes, spacing, sigma)
    places = np.arange(shape.count, dtype=np.float64) - (shape.count - 1) / 2
    centers = center + shape.scale * places
    return gaussian_mixture("gaussian_1d", centers[:, None], shape.sigma, points=points, held_out=held_out, seed=seed)
