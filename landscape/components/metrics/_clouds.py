"""Samples ready for inner products: centered, in one precision, with their squared norms."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from landscape.components.metrics._memo import shared
from landscape.components.metrics._products import product

TILE = 2048
"""Rows and columns of a tile of pairs: 16 MiB in float32, large enough for a product to run at full speed."""

KEPT_WIDTH, KEPT_BYTES = 512, 400_000_000
"""Products of narrower samples cost no more than the memory; 10,000 x 10,000 of float32 are the most that is kept of two sets: 0.9 GB of
all three pairs, whose symmetric ones are kept by half."""

Precision = Literal["float32", "float64"]
PRECISIONS: dict[Precision, torch.dtype] = {"float32": torch.float32, "float64": torch.float64}


class Cloud(NamedTuple):
    """`samples` [N, d] and their squared `norms` [N].

    `offsets` [N] take products of centered samples back: x.y of the features is that of the samples plus both offsets.
    """

    samples: Tensor
    norms: Tensor
    offsets: Tensor

    def part(self, index: Tensor | slice) -> "Cloud":
        """The samples `index`."""
        return Cloud(self.samples[index], self.norms[index], self.offsets[index])


def cloud(features: Tensor, reference: Tensor, precision: Precision) -> Cloud:
    """`features` [N, d] around the mean of `reference` [M, d]; the same object for the same tensors.

    Distances do not change with the center, and around the mean they lose fewer digits.
    """
    return _cloud(features, reference, PRECISIONS[precision])


@shared
def _cloud(features: Tensor, reference: Tensor, dtype: torch.dtype) -> Cloud:
    center = _mean(reference)
    samples = torch.empty(features.shape, dtype=dtype, device=features.device)
    norms, offsets = [], []
    for start in range(0, len(features), TILE):
        rows = features[start : start + TILE].double() - center
        samples[start : start + TILE] = rows
        norms.append(rows.square().sum(dim=1))
        offsets.append(rows @ center + center @ center / 2)
    return Cloud(samples, torch.cat(norms).to(dtype), torch.cat(offsets).to(dtype))


@shared
def _mean(features: Tensor) -> Tensor:
    return torch.stack([rows.sum(dim=0, dtype=torch.float64) for rows in torch.split(features, TILE)]).sum(dim=0) / len(features)


def inner(first: Cloud, second: Cloud, rows: slice, columns: slice, *, keep: bool = False) -> Tensor:
    """Products [r, c] of the samples of a tile, for the caller to overwrite.

    With `keep` (kernel distances need them all) they are kept while the samples live, and spare a search for neighbors the same work.
    """
    known = kept(first, second)
    place = rows.start, columns.start
    if place in known:
        return known[place].clone()
    left = first.samples[rows]
    # the very same tensor lets BLAS see that a tile is symmetric, and halve its work
    products = product(left, left if second is first and rows == columns else second.samples[columns])
    size = len(first.samples) * len(second.samples) * products.element_size()
    if keep and left.shape[1] >= KEPT_WIDTH and size <= KEPT_BYTES:
        known[place] = products.clone()
    return products


def kept(first: Cloud, second: Cloud) -> dict[tuple[int, int], Tensor]:
    """Products that are kept of two clouds, by the first row and column of their tile."""
    return _kept(first.samples, second.samples)


@shared
def _kept(first: Tensor, second: Tensor) -> dict[tuple[int, int], Tensor]:
    return {}


def tiles(first: int, second: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the tiles of all pairs of `first` and `second` samples."""
    for i in range(0, first, TILE):
        for j in range(0, second, TILE):
            yield slice(i, min(i + TILE, first)), slice(j, min(j + TILE, second))


def upper_tiles(count: int) -> Iterator[tuple[slice, slice]]:
    """Tiles of the pairs of one set with itself: those on the diagonal first, then those above it."""
    corners = list(tiles(count, count))
    yield from ((rows, columns) for rows, columns in corners if rows == columns)
    yield from ((rows, columns) for rows, columns in corners if rows.start < columns.start)
