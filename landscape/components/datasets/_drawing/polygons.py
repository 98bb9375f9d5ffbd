"""Draws random convex polygons and their anti-aliased pictures."""

import numpy as np
from numpy.typing import NDArray

SIDE, SUB = 28, 8
"""The side of a picture in pixels, and the side of a pixel in sub-pixels."""
Floats = NDArray[np.float64]


def vertices(random: np.random.RandomState, count: int, sides: int, min_angle: float, scale: float) -> Floats:
    """Return the vertices of `count` polygons, (count, sides, 2) in pixels, in the order of the data set."""
    draws = random.rand(count, sides + 1)
    segment = 360.0 / sides
    angles = np.radians(np.arange(sides) * segment + min_angle / 2 + draws[:, :sides] * (segment - min_angle / 2))
    places = (np.stack([np.cos(angles), np.sin(angles)], axis=-1) + 1) / 2  # (count, sides, 2) in [0, 1]
    turn = np.radians(draws[:, sides] * 2 * np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    rotation = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)  # (count, 2, 2)
    corners = places @ rotation * (SIDE * scale)
    corners += SIDE / 2 - corners.mean(axis=1, keepdims=True)
    shuffled: Floats = corners[random.permutation(count)]
    return shuffled


def rasterized(corners: Floats) -> NDArray[np.uint8]:
    """Draw polygons (N, sides, 2) as pictures, uint8 (N, SIDE, SIDE): 255 outside, 0 inside, in between by the share of sub-pixels inside.

    The first coordinate counts the rows. The window of pixel i consists of the SUB sub-pixels from SUB * i - SUB / 2 + 1 to
    SUB * i + SUB / 2, because the authors' code convolves with a kernel of even width and takes every SUB-th value. Sub-pixels outside of
    the picture are white.
    """
    low, high = _spans(corners * SUB)  # (N, SIDE * SUB) each: the first and the last sub-pixel column inside
    starts = SUB * np.arange(SIDE) - SUB // 2 + 1
    first, last = np.maximum(starts, 0), np.minimum(starts + SUB - 1, SIDE * SUB - 1)
    # The number of inner sub-pixels of each row in the window of each pixel: (N, SIDE * SUB, SIDE).
    inside = np.minimum(high[..., None], last) - np.maximum(low[..., None], first) + 1
    inside = np.maximum(inside, 0)
    total = np.cumsum(np.pad(inside, ((0, 0), (1, 0), (0, 0))), axis=1)
    counts = total[:, last + 1] - total[:, first]  # (N, SIDE, SIDE)
    levels: NDArray[np.uint8] = np.rint(255 * (1 - counts / SUB**2)).astype(np.uint8)
    return levels


def _spans(corners: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last sub-pixel column inside the polygon for each row of sub-pixels, (N, SIDE * SUB) each.

    A row that the polygon does not cross has a last column before its first.
    """
    rows = np.arange(SIDE * SUB, dtype=np.float64)
    low = np.zeros((len(corners), SIDE * SUB))
    high = np.full((len(corners), SIDE * SUB), SIDE * SUB - 1.0)
    for start, end in ((corners[:, i - 1], corners[:, i]) for i in range(corners.shape[1])):
        # The vertices run counter-clockwise, so a point is inside if cross(end - start, point - start) >= 0 for every edge.
        dx, dy = (end - start).T[..., None]  # (N, 1) each
        bound = start[:, 1:] + dy * (rows - start[:, :1]) / np.where(dx == 0, 1, dx)
        low = np.where(dx > 0, np.maximum(low, bound), low)
        high = np.where(dx < 0, np.minimum(high, bound), high)
        beyond = (dx == 0) & (dy * (rows - start[:, :1]) > 0)
        high = np.where(beyond, -1.0, high)
    return np.ceil(low).astype(np.int64), np.floor(high).astype(np.int64)
