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


def nearest(samples: Cloud, count: int) -> Nearest:
    """The `count` nearest other samples of each, or all others (then infinity) where there are fewer."""
    best = torch.full((len(samples.norms), count), torch.inf, dtype=samples.norms.dtype, device=samples.norms.device)
    indices = torch.zeros(best.shape, dtype=torch.int64, device=best.device)

    def offer(where: slice, others: slice, distances: Tensor) -> None:
        found = distances.topk(min(count, distances.shape[1]), dim=1, largest=False)
        values = torch.cat([best[where], found.values], dim=1)
        best[where], order = values.topk(count, dim=1, largest=False)
        indices[where] = torch.cat([indices[where], found.indices + others.start], dim=1).gather(1, order)

    for tile in tiles(samples.samples, samples.samples):
        distances = squared_distances(tile, samples, samples)
        if tile.rows == tile.columns:
            distances.fill_diagonal_(torch.inf)
        else:
            offer(tile.columns, tile.rows, distances.T.contiguous())
        offer(tile.rows, tile.columns, distances)
    return Nearest(best, indices)


def neighborhoods(real: Tensor, fake: Tensor, k: int, precision: Precision) -> Neighborhoods:
    """Balls of `real` [n, d] and `fake` [m, d], each reaching to its own k-th neighbor; a point on the border is outside.

    Raises:
        UserError: a set has no k-th neighbor.
    """
    if min(len(real), len(fake)) <= k:
        raise UserError(f"k={k} nearest neighbors need at least {k + 1} samples in each set, got {len(real)} and {len(fake)}: lower k")
    return _neighborhoods(real, fake, k, precision)


class _Counter:
    """Holding, tile by tile. `balls_are_rows`: the balls are around the rows of the tile."""

    def __init__(self, balls: int, samples: int, device: torch.device, balls_are_rows: bool) -> None:
        # column 0 counts; column 1 sums indices, which is the index itself where the count is 1
        self.of_ball, self.of_sample = (torch.zeros(size, 2, dtype=torch.float64, device=device) for size in (balls, samples))
        self.balls_are_rows = balls_are_rows

    def add(self, tile: Tile, inside: Tensor) -> None:
        """Count a tile. `inside` [r, c]: whether the ball of one side holds the sample of the other."""
        held = inside.float()
        rows, columns = (
            torch.stack([torch.ones(s.stop - s.start), torch.arange(s.start, s.stop, dtype=torch.float32)], dim=1).to(held.device)
            for s in (tile.rows, tile.columns)
        )
        by_row, by_column = (self.of_ball, self.of_sample) if self.balls_are_rows else (self.of_sample, self.of_ball)
        by_row[tile.rows] += held @ columns
        by_column[tile.columns] += held.T @ rows

    def holding(self) -> Holding:
        (members, member), (balls, ball) = self.of_ball.long().unbind(dim=1), self.of_sample.long().unbind(dim=1)
        return Holding(balls, members, ball, member)


@shared
def _neighborhoods(real: Tensor, fake: Tensor, k: int, precision: Precision) -> Neighborhoods:
    reals, fakes = cloud(real, real, PRECISIONS[precision]), cloud(fake, real, PRECISIONS[precision])
    near_real, near_fake = nearest(reals, k + 1), nearest(fakes, k)
    real_radii, next_radii, fake_radii = near_real.squared[:, k - 1], near_real.squared[:, k], near_fake.squared[:, k - 1]
    by_real = _Counter(len(real), len(fake), real.device, balls_are_rows=True)
    by_fake = _Counter(len(fake), len(real), real.device, balls_are_rows=False)
    within_next = torch.zeros(len(real), dtype=torch.int64, device=real.device)
    slack = relative_error(reals, fakes) if precision == "float32" else 0.0
    uncertain = torch.zeros((), dtype=torch.int64, device=fake.device)
    for tile in tiles(reals.samples, fakes.samples):
        distances = squared_distances(tile, reals, fakes)
        within_next[tile.rows] += (distances < next_radii[tile.rows][:, None]).sum(dim=1)
        allowed = slack * float(reals.norms[tile.rows].max() + fakes.norms[tile.columns].max())
        for counter, radii in ((by_real, real_radii[tile.rows][:, None]), (by_fake, fake_radii[tile.columns])):
            beyond = distances - radii
            counter.add(tile, beyond < 0)
            if slack:
                uncertain += (beyond.abs_() <= allowed).sum()
    held = by_real.holding()
    shell = within_next - held.members
    return Neighborhoods(held, by_fake.holding(), shell, near_real.indices[:, :k], int(uncertain), 2 * len(real) * len(fake))


def relative_error(first: Cloud, second: Cloud) -> float:
    """Bound on the error of a float32 squared distance relative to |x|^2 + |y|^2: SAFETY times the largest on PROBES x PROBES pairs."""
    x, y = (each.samples[:: max(1, len(each.samples) // PROBES)][:PROBES] for each in (first, second))
    exact = torch.cdist(x.double(), y.double(), compute_mode="donot_use_mm_for_euclid_dist").square()
    norms = x.double().square().sum(dim=1)[:, None] + y.double().square().sum(dim=1)
    rounded = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1) - 2 * product(x.contiguous(), y.contiguous())
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
