"""Finds pairs of samples that are near one another, without measuring all pairs in full.

The distance of two samples in a few leading directions (a projection) is a lower bound of their distance. Features of images have most of
their variance in such directions. A product of an eighth of the width therefore rules out nearly all pairs, and only the rest is measured
in full. If the projection does not rule out enough pairs, all products are computed. If a kernel distance has computed them before, these
are used. The result is the same in all cases, up to rounding.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from landscape.components.metrics._clouds import Cloud, inner, kept
from landscape.components.metrics._memo import shared
from landscape.components.metrics._products import product

LEAST_WIDTH = 512
"""For narrower samples, full products cost no more than the search for pairs."""
SHARE = 8
"""The width of the samples divided by the width of the projection."""
PROBES = 1024
"""The number of samples of each set from which the directions are found."""
ROWS = 4096
"""The number of samples that are projected at a time."""
SLACK = 1e-5
"""A share of the squared norms that is larger than the rounding error of a projected distance in float32."""
WORTHWHILE = 0.02
"""The largest share of pairs that are measured one by one. Measuring one pair costs as much as about forty pairs in a full product."""
CHUNK = 1 << 20
"""The number of values that are gathered at a time: 4 MiB, which stay in the cache."""


class Pairs(NamedTuple):
    """Squared distances [p] of the samples `first` [p] of one set and `second` [p] of the other, in ascending order of `first`."""

    first: Tensor
    second: Tensor
    squared: Tensor


def squared_distances(first: Cloud, second: Cloud, rows: slice, columns: slice) -> Tensor:
    """Return the squared distances [r, c] of a tile, which are never negative."""
    products = inner(first, second, rows, columns)
    values = torch.add(second.norms[columns], products, alpha=-2, out=products)
    return values.add_(first.norms[rows][:, None]).clamp_(min=0)


class Search:
    """Finds the near pairs of two clouds, tile by tile."""

    def __init__(self, first: Cloud, second: Cloud) -> None:
        self.first, self.second = first, second
        self.heads = heads(first, second) if first.samples.shape[1] >= LEAST_WIDTH and not kept(first, second) else None

    def near(self, rows: slice, columns: slice, row_reach: Tensor | None, column_reach: Tensor | None) -> Pairs:
        """Return every pair of the tile whose squared distance is at most `row_reach` [r] or at most `column_reach` [c]."""
        if self.heads is not None:
            slack = SLACK * float(self.first.norms[rows].max() + self.second.norms[columns].max())
            bounds = product(self.heads[0][rows], self.heads[1][columns])
            near = _within(bounds, row_reach, column_reach, slack)
            count = int(near.sum())
            if count <= WORTHWHILE * near.numel():
                return self._measured(near, rows, columns, row_reach, column_reach)
            if count > 5 * WORTHWHILE * near.numel():
                self.heads = None  # The projection would not rule out more pairs of the next tiles.
        distances = squared_distances(self.first, self.second, rows, columns)
        i, j = _within(distances, row_reach, column_reach).nonzero(as_tuple=True)
        return Pairs(i + rows.start, j + columns.start, distances[i, j])

    def _measured(self, near: Tensor, rows: slice, columns: slice, row_reach: Tensor | None, column_reach: Tensor | None) -> Pairs:
        i, j = near.nonzero(as_tuple=True)
        step = max(1, CHUNK // self.first.samples.shape[1])
        squared = [
            (self.first.samples[rows][a] - self.second.samples[columns][b]).square_().sum(dim=1)
            for a, b in zip(torch.split(i, step), torch.split(j, step), strict=True)
        ]
        values = torch.cat(squared) if squared else self.first.norms.new_zeros(0)
        kept = torch.zeros_like(values, dtype=torch.bool)
        if row_reach is not None:
            kept |= values <= row_reach[i]
        if column_reach is not None:
            kept |= values <= column_reach[j]
        return Pairs(i[kept] + rows.start, j[kept] + columns.start, values[kept])


def _within(values: Tensor, row_reach: Tensor | None, column_reach: Tensor | None, slack: float = 0.0) -> Tensor:
    """Return whether each of `values` [r, c] is at most its row's or its column's reach, plus `slack`."""
    found = [values <= reach + slack for reach in (None if row_reach is None else row_reach[:, None], column_reach) if reach is not None]
    return found[0] if len(found) == 1 else found[0].logical_or_(found[1])


def heads(first: Cloud, second: Cloud) -> tuple[Tensor, Tensor]:
    """Return [n, w + 2] and [m, w + 2] in float32, whose products are squared distances of projections on w = d / SHARE directions."""
    basis = _basis(first.samples, second.samples)
    left, right = _projected(first.samples, basis), _projected(second.samples, basis)
    one_left, one_right = (each.new_ones(len(each), 1) for each in (left, right))
    norms_left, norms_right = (each.square().sum(dim=1, keepdim=True) for each in (left, right))
    return torch.cat([left * -2, norms_left, one_left], dim=1), torch.cat([right, one_right, norms_right], dim=1)


@shared
def _basis(first: Tensor, second: Tensor) -> Tensor:
    """Return orthonormal rows [w, d] near the leading principal directions of both sets, by two power iterations (Halko et al. 2011)."""
    width = first.shape[1]
    some = torch.cat([each[:: max(1, len(each) // PROBES)][:PROBES].float() for each in (first, second)])
    start = torch.randn(width, width // SHARE, generator=torch.Generator().manual_seed(0)).to(some)
    for _ in range(2):
        start = torch.linalg.qr(some.T @ (some @ start)).Q
    return start.T.contiguous()


@shared
def _projected(samples: Tensor, basis: Tensor) -> Tensor:
    return torch.cat([product(rows.float(), basis) for rows in torch.split(samples, ROWS)])
