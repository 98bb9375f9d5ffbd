"""A plugin with a data set of points: the dark squares of a checkerboard."""

import hashlib

import torch

from landscape.components.datasets import DATASETS, Dataset, Split
from landscape.core.registry import PositiveInt, Seed


@DATASETS.register(samples="points", shape=(2,), source="drawn, nothing to fetch")
def checkers(*, squares: PositiveInt = 4, points: PositiveInt = 20_000, seed: Seed = 0) -> Dataset:
    """Uniform points on the dark squares of a board over [-1, 1]^2. Labels say on which square a point lies.

    Args:
        squares: The number of squares along a side.
        points: The number of training points. A tenth as many are held out for validation, and for the test.
        seed: The seed of the draw.
    """
    generator = torch.Generator().manual_seed(seed)
    dark = [(row, column) for row in range(squares) for column in range(squares) if (row + column) % 2 == 0]
    corners = torch.tensor(dark, dtype=torch.float32)

    def draw(n: int) -> Split:
        labels = torch.randint(len(dark), (n,), generator=generator)
        inside = torch.rand(n, 2, generator=generator)
        return Split((corners[labels] + inside) / squares * 2 - 1, labels)

    splits = {"train": draw(points), "validation": draw(points // 10 + 1), "test": draw(points // 10 + 1)}
    content = hashlib.sha256(b"".join(split.samples.numpy().tobytes() for split in splits.values())).hexdigest()[:16]
    return Dataset("checkers", splits, content, classes=len(dark), bounds=None)
