"""Which generated samples lie in which real sample's k-NN ball, and the reverse: what precision, recall, density and coverage count.

float32 mode: squared distances come from products of centered float32 samples. Their largest error, relative to |x|^2 + |y|^2, is
measured against float64 on PROBES x PROBES pairs of the very same samples; a comparison whose two sides are closer than SAFETY
times that might have gone the other way in float64, and is counted.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from landscape.errors import UserError
from landscape.metrics._gram import PRECISIONS, Cloud, Precision, Tile, cloud, tiles
from landscape.metrics._memo import shared
from landscape.metrics._products import product

PROBES = 512
SAFETY = 2.0
"""Both sides of a comparison are rounded."""


class Nearest(NamedTuple):
    """squared [n, k + 1]: ascending squared distances to the nearest other samples; indices [n, k + 1]: of these."""

    squared: Tensor
    indices: Tensor


class Holding(NamedTuple):
    """Balls around the samples of set A, and which samples of set B they hold."""

    balls: Tensor
    """[B]: how many balls hold each sample."""
    members: Tensor
    """[A]: how many samples each ball holds."""
    only_ball: Tensor
    """[B]: the ball's index where `balls` is 1."""
    only_member: Tensor
    """[A]: the sample's index where `members` is 1."""


class Neighborhoods(NamedTuple):
    """The k-NN balls of n real and m generated samples, and what of the other set they hold."""

    real: Holding
    fake: Holding
    shell: Tensor
    """[n]: generated samples that a real ball would gain if it lost one of its k neighbors."""
    real_neighbors: Tensor
    """[n, k]: these neighbors."""
    uncertain: int
    """How many of all `decisions` lie within float32's rounding."""
    decisions: int


def squared_distances(tile: Tile, first: Cloud, second: Cloud) -> Tensor:
    """|x - y|^2 [r, c] of a tile of products, never negative, freshly allocated."""
    values = tile.values * -2
    values += first.norms[tile.rows][:, None]
    values += second.norms[tile.columns]
    return values.clamp_(min=0)


class _Best:
    """The `count` smallest squared distances of each of n samples so far, ascending, and the other samples' indices."""

    def __init__(self, samples: Cloud, count: int) -> None:
        self.squared = torch.full((len(samples.norms), count), torch.inf, dtype=samples.norms.dtype, device=samples.norms.device)
        self.indices = torch.zeros(self.squared.shape, dtype=torch.int64, device=self.squared.device)

    def merge(self, where: slice, squared: Tensor, indices: Tensor) -> None:
        """Offer [r, p] further distances to the samples `where`."""
        values = torch.cat([self.squared[where], squared], dim=1)
        self.squared[where], order = values.topk(self.squared.shape[1], dim=1, largest=False)
        self.indices[where] = torch.cat([self.indices[where], indices], dim=1).gather(1, order)

    def merge_pairs(self, where: slice, own: Tensor, others: Tensor, squared: Tensor) -> None:
        """Offer single pairs: `own` [p], ascending positions inside `where`, and their distances to `others` [p]."""
        if len(own) == 0:
            return
        counts = torch.bincount(own, minlength=where.stop - where.start)
        position = torch.arange(len(own), device=own.device) - (counts.cumsum(0) - counts)[own]
        table = torch.full((len(counts), int(counts.max())), torch.inf, dtype=squared.dtype, device=squared.device)
        table[own, position] = squared
        indices = torch.zeros(table.shape, dtype=torch.int64, device=table.device)
        indices[own, position] = others
        self.merge(where, table, indices)


def nearest(samples: Cloud, count: int) -> Nearest:
    """The `count` nearest other samples of each, or all others (then infinity) where there are fewer.

    The tile on the diagonal comes first in each row of tiles; after it only the few pairs that are nearer than what a sample has
    are looked at, for both samples of the pair.
    """
    best = _Best(samples, count)
    for tile in tiles(samples.samples, samples.samples):
        distances = squared_distances(tile, samples, samples)
        if tile.rows == tile.columns:
            found = distances.fill_diagonal_(torch.inf).topk(min(count, len(distances)), dim=1, largest=False)
            best.merge(tile.rows, found.values, found.indices + tile.columns.start)
            continue
        row, column = (distances < best.squared[tile.rows, -1:]).nonzero(as_tuple=True)
        best.merge_pairs(tile.rows, row, column + tile.columns.start, distances[row, column])
        row, column = (distances < best.squared[tile.columns, -1]).nonzero(as_tuple=True)
        order = column.argsort(stable=True)
        row, column = row[order], column[order]
        best.merge_pairs(tile.columns, column, row + tile.rows.start, distances[row, column])
    return Nearest(best.squared, best.indices)


def neighborhoods(real: Tensor, fake: Tensor, k: int, precision: Precision) -> Neighborhoods:
    """Balls of `real` [n, d] and `fake` [m, d], each reaching to its own k-th neighbor; a point on the border is outside.

    Raises:
        UserError: a set has no k-th neighbor.
    """
    if min(len(real), len(fake)) <= k:
        raise UserError(f"k={k} nearest neighbors need at least {k + 1} samples in each set, got {len(real)} and {len(fake)}: lower k")
    return _neighborhoods(real, fake, k, precision)


class _Counter:
    """Holding, pair by pair."""

    def __init__(self, balls: int, samples: int, device: torch.device) -> None:
        self.members, self.only_member = (torch.zeros(balls, dtype=torch.int64, device=device) for _ in range(2))
        self.balls, self.only_ball = (torch.zeros(samples, dtype=torch.int64, device=device) for _ in range(2))

    def add(self, ball: Tensor, sample: Tensor) -> None:
        """Ball `ball[p]` holds sample `sample[p]`."""
        self.members += torch.bincount(ball, minlength=len(self.members))
        self.balls += torch.bincount(sample, minlength=len(self.balls))
        # of several the last one stays; it is read only where there is one
        self.only_member[ball] = sample
        self.only_ball[sample] = ball

    def holding(self) -> Holding:
        return Holding(self.balls, self.members, self.only_ball, self.only_member)


@shared
def _neighborhoods(real: Tensor, fake: Tensor, k: int, precision: Precision) -> Neighborhoods:
    reals, fakes = cloud(real, real, PRECISIONS[precision]), cloud(fake, real, PRECISIONS[precision])
    near_real, near_fake = nearest(reals, k + 1), nearest(fakes, k)
    radii, next_radii, fake_radii = near_real.squared[:, k - 1], near_real.squared[:, k], near_fake.squared[:, k - 1]
    by_real, by_fake = _Counter(len(real), len(fake), real.device), _Counter(len(fake), len(real), real.device)
    shell = torch.zeros(len(real), dtype=torch.int64, device=real.device)
    slack = relative_error(reals, fakes) if precision == "float32" else 0.0
    uncertain = 0
    for tile in tiles(reals.samples, fakes.samples):
        distances = squared_distances(tile, reals, fakes)
        allowed = slack * float(reals.norms[tile.rows].max() + fakes.norms[tile.columns].max())
        # few pairs are near enough to matter: find these in one pass, then look closer
        i, j, squared = _pairs_within(tile, distances, (torch.maximum(next_radii, radii + allowed))[tile.rows][:, None])
        inside = squared < radii[i]
        by_real.add(i[inside], j[inside])
        shell += torch.bincount(i[~inside & (squared < next_radii[i])], minlength=len(shell))
        uncertain += int(((squared - radii[i]).abs() <= allowed).sum()) if slack else 0
        i, j, squared = _pairs_within(tile, distances, (fake_radii + allowed)[tile.columns])
        inside = squared < fake_radii[j]
        by_fake.add(j[inside], i[inside])
        uncertain += int(((squared - fake_radii[j]).abs() <= allowed).sum()) if slack else 0
    return Neighborhoods(by_real.holding(), by_fake.holding(), shell, near_real.indices[:, :k], uncertain, 2 * len(real) * len(fake))


def _pairs_within(tile: Tile, distances: Tensor, reach: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(row sample, column sample, squared distance) of the pairs of a tile that are at most `reach` apart."""
    row, column = (distances <= reach).nonzero(as_tuple=True)
    return row + tile.rows.start, column + tile.columns.start, distances[row, column]


def relative_error(first: Cloud, second: Cloud) -> float:
    """Bound on the error of a float32 squared distance relative to |x|^2 + |y|^2: SAFETY times the largest on PROBES x PROBES pairs."""
    x, y = (each.samples[:: max(1, len(each.samples) // PROBES)][:PROBES].contiguous() for each in (first, second))
    exact, rounded = (
        a.square().sum(dim=1)[:, None] + b.square().sum(dim=1) - 2 * product(a, b) for a, b in ((x.double(), y.double()), (x, y))
    )
    norms = x.double().square().sum(dim=1)[:, None] + y.double().square().sum(dim=1)
    return SAFETY * float(((rounded - exact).abs() / norms.clamp(min=torch.finfo(torch.float64).tiny)).max())


def nearest_across(points: Cloud, reference: Cloud, but: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(squared distance [n], index [n]) of the nearest sample of `reference` to each of `points`; `but` [n] of them does not count."""
    best = torch.full((len(points.norms),), torch.inf, dtype=points.norms.dtype, device=points.norms.device)
    index = torch.zeros(len(best), dtype=torch.int64, device=best.device)
    for tile in tiles(points.samples, reference.samples):
        distances = squared_distances(tile, points, reference)
        if but is not None:
            columns = torch.arange(tile.columns.start, tile.columns.stop, device=best.device)
            distances.masked_fill_(but[tile.rows][:, None] == columns, torch.inf)
        found = distances.min(dim=1)
        nearer = found.values < best[tile.rows]
        best[tile.rows] = torch.where(nearer, found.values, best[tile.rows])
        index[tile.rows] = torch.where(nearer, found.indices + tile.columns.start, index[tile.rows])
    return best, index
