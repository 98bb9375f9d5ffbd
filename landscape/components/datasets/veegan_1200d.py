"""VEEGAN's mixture in 1,200 dimensions."""

import math
from dataclasses import replace

import numpy as np

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.components.datasets._drawing.mixtures import gaussian_mixture
from landscape.core.registry import PositiveInt, Seed

DIMENSIONS, NOISY = 1200, 700
MEANS = (-1.0, -0.5, 0.0, 0.5, -2.0, -2.5, 10.0, 0.25, -13.0, -5.5)


@DATASETS.register(
    samples="points",
    shape=(DIMENSIONS,),
    source="drawn, nothing to fetch",
    paper="VEEGAN, Srivastava et al. 2017, arXiv:1705.07761; parameters as in the code of PacGAN, Lin et al. 2018",
)
def veegan_1200d(*, points: PositiveInt = 100_000, held_out: PositiveInt = 10_000, seed: Seed = 0) -> Dataset:
    """Ten 700-dimensional Gaussians of unit variance embedded in 1,200 dimensions. The label of a point is its mode.

    Mode i lies at MEANS[i] in every coordinate. The first 700 coordinates have noise, the other 500 have none. VEEGAN counts samples
    "within 10 standard deviations" of a mode and does not state the variance. Under PacGAN's unit variance a real point lies sqrt(700) =
    26.5 +- 0.7 from its mode, so that no real point would count if the words were taken literally. The radius here is sqrt(700) + 10.

    Args:
        points: The number of points to train on.
        held_out: The number of points in the validation split, and also in the test split.
        seed: The seed of the draw.
    """
    centers = np.repeat(np.array(MEANS)[:, None], DIMENSIONS, axis=1)
    deviations = np.concatenate([np.ones(NOISY), np.zeros(DIMENSIONS - NOISY)])
    mixture = gaussian_mixture("veegan_1200d", centers, deviations, points=points, held_out=held_out, seed=seed)
    assert mixture.modes is not None
    return replace(mixture, modes=replace(mixture.modes, sigma=1.0, radius_in_sigmas=math.sqrt(NOISY) + 10))
