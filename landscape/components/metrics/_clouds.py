"""Samples that are prepared for inner products: centered, in one precision, with their squared norms."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from landscape.components.metrics._memo import shared
from landscape.components.metrics._products import product

TILE = 2048
"""The rows and columns of a tile of pairs. A tile takes 16 MiB in float32 and is large enough for a product to run at full speed."""

KEPT_WIDTH, KEPT_BYTES = 512, 400_000_000
"""Products are kept for samples of at least this width and up to this size. Those of narrower samples are cheap to compute again. The size
is that of 10,000 x 10,000 products of float32. All three pairs of two such sets take 0.9 GB, because symmetric ones are kept by half.
"""

Precision = Literal["float32", "float64"]
PRECISIONS: dict[Precision, torch.dtype] = {"float32": torch.float32, "float64": torch.float64}


class Cloud(NamedTuple):
    """Centered samples."""

    samples: Tensor
    """The samples [N, d]."""
    norms: Tensor
    """Their squared norms [N]."""
    offsets: Tensor
    """Numbers [N] that undo the centering of a product: the product of two features is that of their samples plus both offsets."""

    def part(self, index: Tensor | slice) -> "Cloud":
        """Return the samples `index`."""
        return Cloud(self.samples[index], self.norms[index], self.offsets[index])


def cloud(features: Tensor, reference: Tensor, precision: Precision) -> Cloud:
    """Return `features` [N, d] centered on the mean of `reference` [M, d], and the same object for the same tensors.

    Distances do not depend on the center, and around the mean they lose fewer digits.
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
    """Return the products [r, c] of the samples of a tile. The caller may overwrite them.

    With `keep` they are kept as long as the samples exist. Kernel distances need all products, and a search for neighbors that comes later
    can then use them.
    """
    known = kept(first, second)
    place = rows.start, columns.start
    if place in known:
        return known[place].clone()
    left = first.samples[rows]
    # If both arguments are the very same tensor, BLAS sees that the tile is symmetric and does half of the work.
    products = product(left, left if second is first and rows == columns else second.samples[columns])
    size = len(first.samples) * len(second.samples) * products.element_size()
    if keep and left.shape[1] >= KEPT_WIDTH and size <= KEPT_BYTES:
        known[place] = products.clone()
    return products


def kept(first: Cloud, second: Cloud) -> dict[tuple[int, int], Tensor]:
    """Return the products of two clouds that have been kept, by the first row and column of their tile."""
    return _kept(first.samples, second.samples)


@shared
def _kept(first: Tensor, second: Tensor) -> dict[tuple[int, int], Tensor]:
    return {}


def tiles(first: int, second: int) -> Iterator[tuple[slice, slice]]:
    """Yield the rows and columns of the tiles of all pairs of `first` and `second` samples."""
    for i in range(0, first, TILE):
        for j in range(0, second, TILE):
            yield slice(i, min(i + TILE, first)), slice(j, min(j + TILE, second))


def upper_tiles(count: int) -> Iterator[tuple[slice, slice]]:
    """Yield the tiles of the pairs of one set with itself: first those on the diagonal, then those above it."""
    corners = list(tiles(count, count))
    yield from ((rows, columns) for rows, columns in corners if rows == columns)
    yield from ((rows, columns) for rows, columns in corners if rows.start < columns.start)
