"""Inner products of all pairs of samples, tile by tile: the one expensive thing that distances and kernels share.

Products are taken of centered samples (x - c, c the mean of the reference set): distances do not change and lose fewer digits;
a kernel that needs the raw x.y gets it back by adding two vectors (`Cloud.offsets`).
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from landscape.metrics._memo import shared
from landscape.metrics._products import product

TILE = 2048
"""Rows and columns of a tile: 16 MiB in float32, large enough for a product to run at full speed."""
STORE_BYTES = 1 << 30
STORE_WIDTH = 512
"""Products of one pair of sets are stored for the next score when they fit in STORE_BYTES and have at least STORE_WIDTH terms each:
below that, taking them again is about as fast as reading them."""

Precision = Literal["float32", "float64"]
PRECISIONS: dict[Precision, torch.dtype] = {"float32": torch.float32, "float64": torch.float64}


class Tile(NamedTuple):
    """values [r, c]: products of samples `rows` of one set and `columns` of the other. Shared between scores: never written to."""

    rows: slice
    columns: slice
    values: Tensor


class Cloud(NamedTuple):
    """Centered samples [N, d] with their squared norms [N]; `offsets` [N] = (x - c).c."""

    samples: Tensor
    norms: Tensor
    offsets: Tensor
    center_norm: float


def cloud(features: Tensor, reference: Tensor, precision: torch.dtype) -> Cloud:
    """`features` [N, d] around the mean of `reference` [M, d], in `precision`; the same object for the same tensors."""
    return _cloud(features, reference, precision)


@shared
def _cloud(features: Tensor, reference: Tensor, precision: torch.dtype) -> Cloud:
    center = _mean(reference)
    samples = torch.empty(features.shape, dtype=precision, device=features.device)
    norms, offsets = [], []
    for start in range(0, len(features), TILE):
        rows = features[start : start + TILE].double() - center
        samples[start : start + TILE] = rows
        norms.append(rows.square().sum(dim=1))
        offsets.append(rows @ center)
    return Cloud(samples, torch.cat(norms).to(precision), torch.cat(offsets).to(precision), float(center @ center))


@shared
def _mean(features: Tensor) -> Tensor:
    return torch.stack([rows.sum(dim=0, dtype=torch.float64) for rows in torch.split(features, TILE)]).sum(dim=0) / len(features)


def tiles(left: Tensor, right: Tensor) -> Iterator[Tile]:
    """Products of every row of `left` [n, d] with every row of `right` [m, d].

    Of a set with itself (`right is left`) only the tiles on and above the diagonal: each unordered pair once, but for those
    inside a diagonal tile, which has both orders.
    """
    stored = _stored(left, right) if _worth_storing(left, right) else None
    return iter(stored) if stored is not None else _fresh(left, right)


def _worth_storing(left: Tensor, right: Tensor) -> bool:
    return left.shape[1] >= STORE_WIDTH and len(left) * len(right) * left.element_size() <= STORE_BYTES


@shared
def _stored(left: Tensor, right: Tensor) -> list[Tile]:
    return list(_fresh(left, right, reuse=False))


def _fresh(left: Tensor, right: Tensor, reuse: bool = True) -> Iterator[Tile]:
    buffer = left.new_empty(TILE * TILE) if reuse else None
    for i in range(0, len(left), TILE):
        rows = left[i : i + TILE]
        for j in range(i if right is left else 0, len(right), TILE):
            columns = rows if right is left and i == j else right[j : j + TILE]
            out = None if buffer is None else buffer[: len(rows) * len(columns)].view(len(rows), len(columns))
            yield Tile(slice(i, i + len(rows)), slice(j, j + len(columns)), product(rows, columns, out))
