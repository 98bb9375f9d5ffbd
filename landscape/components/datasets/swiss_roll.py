"""The swiss roll of WGAN-GP's toy experiments."""

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.components.datasets._preparing.memory import in_memory
from landscape.core.registry import NonNegative, Positive, PositiveInt, Seed


@DATASETS.register(
    samples="points", shape=(2,), labeled=False, source="drawn, nothing to fetch", paper="WGAN-GP, Gulrajani et al. 2017, arXiv:1704.00028"
)
def swiss_roll(
    *,
    noise: NonNegative = 0.25,
    divisor: Positive = 7.5,
    points: PositiveInt = 100_000,
    held_out: PositiveInt = 10_000,
    seed: Seed = 0,
) -> Dataset:
    """A spiral in the plane: the first and third coordinate of scikit-learn's swiss roll, divided so that their deviation is about 1.

    A fixed set is drawn, where the paper draws each batch anew. There are no labels and no modes.

    Args:
        noise: The standard deviation around the spiral, before the division.
        divisor: What all coordinates are divided by. It is 7.5 in the paper's code.
        points: The number of points to train on.
        held_out: The number of points in the validation split, and also in the test split.
        seed: The seed of the draw.
    """
    random = np.random.RandomState(seed)
    sizes = {"train": points, "validation": held_out, "test": held_out}
    splits = {name: (roll(random, size, noise) / divisor, None) for name, size in sizes.items()}
    return in_memory("swiss_roll", splits, bounds=None, handling={"draw": f"seed {seed}"})


def roll(random: np.random.RandomState, count: int, noise: float) -> NDArray[np.float64]:
    """Draw points (count, 2) with the random numbers of scikit-learn's `make_swiss_roll`, in the same order. Its height is not used."""
    angle = 1.5 * np.pi * (1 + 2 * random.uniform(size=count))
    random.uniform(size=count)
    jitter = noise * random.standard_normal((3, count))
    return np.stack([angle * np.cos(angle) + jitter[0], angle * np.sin(angle) + jitter[2]], axis=1)
