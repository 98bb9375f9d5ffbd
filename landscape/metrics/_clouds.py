"""Samples ready for inner products: centered where distances are wanted, in one precision, with their squared norms."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from landscape.metrics._memo import shared

TILE = 2048
"""Rows and columns of a tile of pairs: 16 MiB in float32, large enough for a product to run at full speed."""

Precision = Literal["float32", "float64"]
PRECISIONS: dict[Precision, torch.dtype] = {"float32": torch.float32, "float64": torch.float64}


class Cloud(NamedTuple):
    """`samples` [N, d] and their squared `norms` [N]."""

    samples: Tensor
    norms: Tensor

    def part(self, index: Tensor) -> "Cloud":
        """The samples `index`."""
        return Cloud(self.samples[index], self.norms[index])


def cloud(features: Tensor, reference: Tensor | None, precision: Precision) -> Cloud:
    """`features` [N, d] around the mean of `reference` [M, d] (None: as they are); the same object for the same tensors.

    Distances do not change with the center, and around the mean they lose fewer digits.
    """
    return _cloud(features, PRECISIONS[precision]) if reference is None else _centered(features, reference, PRECISIONS[precision])


@shared
def _cloud(features: Tensor, dtype: torch.dtype) -> Cloud:
    samples = features.to(dtype).contiguous()
    return Cloud(samples, torch.cat([rows.double().square().sum(dim=1) for rows in torch.split(samples, TILE)]).to(dtype))


@shared
def _centered(features: Tensor, reference: Tensor, dtype: torch.dtype) -> Cloud:
    center = _mean(reference)
    samples = torch.empty(features.shape, dtype=dtype, device=features.device)
    norms = []
    for start in range(0, len(features), TILE):
        rows = features[start : start + TILE].double() - center
        samples[start : start + TILE] = rows
        norms.append(rows.square().sum(dim=1))
    return Cloud(samples, torch.cat(norms).to(dtype))


@shared
def _mean(features: Tensor) -> Tensor:
    return torch.stack([rows.sum(dim=0, dtype=torch.float64) for rows in torch.split(features, TILE)]).sum(dim=0) / len(features)


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
