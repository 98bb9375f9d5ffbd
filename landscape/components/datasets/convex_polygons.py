"""Convex polygons: a manifold whose precision and recall can be measured."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._drawing.polygons import rasterized, vertices
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.core.errors import UserError
from landscape.core.registry import Fraction, NonNegative, PositiveInt, Seed

COUNT, TRAIN, TEST = 80_000, 60_000, 10_000
_AT_ONCE = 500


@DATASETS.register(
    shape=(1, 28, 28),
    resolution=28,
    labeled=False,
    source="drawn, nothing to fetch",
    paper="Lucic et al. 2018, Are GANs Created Equal?, arXiv:1711.10337; parameters of its notebook",
)
def convex_polygons(
    *,
    sides: PositiveInt = 3,
    min_angle: NonNegative = 20.0,
    scale: Fraction = 0.75,
    seed: Seed = 0,
    count: PositiveInt = COUNT,
    request: Request,
) -> Dataset:
    """Anti-aliased triangles, gray, dark (0) on white (255), 28x28: 60,000 to train on, 10,000 for test, 10,000 held out for validation.

    Each of `sides` equal segments of a circle has one vertex. The polygon is turned, centered on the mean of its vertices, and drawn with
    8x8 sub-pixels. The random numbers and the permutation are those of the authors' notebook, so that the pictures are theirs, except that
    their levels (multiples of 1/64) are rounded to 255 steps. The notebook turns each polygon by an angle in [0, 2 pi) degrees where
    radians were meant, that is by at most 6.3 degrees; this is done here too.

    Args:
        sides: The number of vertices of each polygon.
        min_angle: The smallest angle between neighboring vertices as seen from the center, in degrees.
        scale: The size of the polygon in proportion to the picture.
        seed: The seed of the draw.
        count: The number of pictures, at least 8. The first 3/4 are trained on, the next 1/8 are for test, the rest for validation.
        request: What is asked for.
    """
    if sides < 3 or min_angle > 360 / sides:
        raise UserError(
            f"convex_polygons: {sides} sides at least {min_angle:g} degrees apart do not exist: 3 or more, and up to 360 / sides"
        )
    if count < 8:
        raise UserError(f"convex_polygons: count={count} leaves a split empty: give 8 or more")
    settings = {"sides": sides, "min_angle": min_angle, "scale": scale, "seed": seed, "count": count}
    return prepared(
        request,
        "convex_polygons",
        files=[],
        settings=settings,
        open_source=lambda: _pictures(vertices(np.random.RandomState(seed), count, sides, min_angle, scale), seed),
    )


def _pictures(polygons: NDArray[np.float64], seed: int) -> Pictures:
    train, test = len(polygons) * TRAIN // COUNT, len(polygons) * TEST // COUNT
    bounds = {"train": (0, train), "test": (train, train + test), "validation": (train + test, len(polygons))}
    splits = {name: SplitSource(_drawn(polygons[low:high]), high - low) for name, (low, high) in bounds.items()}
    handling = {
        "levels": "multiples of 1/64 rounded to 255 steps",
        "split": ", ".join(f"{low}:{high} {n}" for n, (low, high) in bounds.items()),
    }
    return Pictures(splits, lambda image: (image[None], ()), handling=handling, describe=lambda _: "a picture")


def _drawn(polygons: NDArray[np.float64]) -> Iterator[NDArray[np.uint8]]:
    for part in range(math.ceil(len(polygons) / _AT_ONCE)):
        yield from rasterized(polygons[part * _AT_ONCE : (part + 1) * _AT_ONCE])
