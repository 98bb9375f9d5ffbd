"""Which generated samples lie in which real sample's k-NN ball, and the reverse: what precision, recall, density and coverage count.

Squared distances come from products of centered samples and are rounded. A comparison whose two sides are closer than rounding can tell is
decided again by distances measured directly (`_borders.py`), so that ties are ties.

In float32 the largest error of a product, relative to |x|^2 + |y|^2, is measured against float64 on PROBES x PROBES pairs of the very same
samples, and SAFETY times that is allowed for. What may then still go the other way in float64 is counted: comparisons with a ball whose
k-th and next neighbor are themselves closer than rounding can tell, because the k-th may be a third sample. In float64 the allowance is the
bound of Higham 2002 (Accuracy and Stability of Numerical Algorithms, equation 3.5).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from landscape.components.metrics._borders import Balls, Border
from landscape.components.metrics._clouds import Cloud, Precision, cloud, tiles, upper_tiles
from landscape.components.metrics._memo import shared
from landscape.components.metrics._products import product
from landscape.components.metrics._search import Search, squared_distances
from landscape.core.errors import UserError

PROBES = 512
SAFETY = 2.0
"""Both sides of a comparison are rounded."""


class Nearest(NamedTuple):
    """squared [n, k]: ascending squared distances to the nearest other samples; indices [n, k]: of these."""

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
    """The number of those `decisions` that float64 may have decided otherwise."""
    decisions: int
    zero_radii: tuple[int, int]
    """The number of real and of generated balls of radius 0: of samples that occur more than k times."""
    border: Border


class _Best:
    """The `count` smallest squared distances of each of n samples so far, ascending, and the other samples' indices."""

    def __init__(self, like: Tensor, count: int) -> None:
        self.squared = torch.full((len(like), count), torch.inf, dtype=like.dtype, device=like.device)
        self.indices = torch.zeros(self.squared.shape, dtype=torch.int64, device=like.device)

    def merge(self, where: slice, squared: Tensor, indices: Tensor) -> None:
        """Offer [r, p] further distances to the samples `where`."""
        values = torch.cat([self.squared[where], squared], dim=1)
        self.squared[where], order = values.topk(self.squared.shape[1], dim=1, largest=False)
        self.indices[where] = torch.cat([self.indices[where], indices], dim=1).gather(1, order)

    def merge_pairs(self, where: slice, own: Tensor, others: Tensor, squared: Tensor) -> None:
        """Offer single pairs: distances of samples `own` [p], ascending and inside `where`, to `others` [p]."""
        if len(own) == 0:
            return
        row = own - where.start
        counts = torch.bincount(row, minlength=where.stop - where.start)
        column = torch.arange(len(row), device=row.device) - (counts.cumsum(0) - counts)[row]
        table = torch.full((len(counts), int(counts.max())), torch.inf, dtype=squared.dtype, device=squared.device)
        table[row, column] = squared
        indices = torch.zeros(table.shape, dtype=torch.int64, device=table.device)
        indices[row, column] = others
        self.merge(where, table, indices)


def nearest(samples: Cloud, count: int) -> Nearest:
    """The `count` nearest other samples of each, or all others (then infinity) where there are fewer.

    Tiles on the diagonal come first; after them only the few pairs that are nearer than what a sample has are looked at.
    """
    best, search = _Best(samples.norms, count), Search(samples, samples)
    for rows, columns in upper_tiles(len(samples.norms)):
        if rows == columns:
            distances = squared_distances(samples, samples, rows, columns).fill_diagonal_(torch.inf)
            found = distances.topk(min(count, len(distances)), dim=1, largest=False)
            best.merge(rows, found.values, found.indices + columns.start)
            continue
        pairs = search.near(rows, columns, best.squared[rows, -1], best.squared[columns, -1])
        best.merge_pairs(rows, *pairs)
        order = pairs.second.argsort(stable=True)
        best.merge_pairs(columns, pairs.second[order], pairs.first[order], pairs.squared[order])
    return Nearest(best.squared, best.indices)


def nearest_across(points: Cloud, reference: Cloud, but: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(squared distance [n], index [n]) of the nearest sample of `reference` to each of `points`; `but` [n] of them does not count."""
    best, search = _Best(points.norms, 1), Search(points, reference)
    for rows, columns in tiles(len(points.norms), len(reference.norms)):
        if columns.start == 0 or search.heads is None:
            _offer_nearest(best, points, reference, rows, columns, but)
            continue
        pairs = search.near(rows, columns, best.squared[rows, 0], None)
        if but is not None:
            others = pairs.second != but[pairs.first]
            pairs = type(pairs)(*(each[others] for each in pairs))
        best.merge_pairs(rows, *pairs)
    return best.squared[:, 0], best.indices[:, 0]


def _offer_nearest(best: _Best, points: Cloud, reference: Cloud, rows: slice, columns: slice, but: Tensor | None) -> None:
    """The nearest sample of one tile to each of its points. Few find a nearer one after the first tiles: only these look which it is."""
    products = product(points.samples[rows], reference.samples[columns])
    # |y|^2 - 2 x.y orders a row as the distance does: |x|^2 is added to the least alone
    values = torch.add(reference.norms[columns], products, alpha=-2, out=products)
    if but is not None:
        own = but[rows] - columns.start
        inside = ((own >= 0) & (own < values.shape[1])).nonzero()[:, 0]
        values[inside, own[inside]] = torch.inf
    least = (values.amin(dim=1) + points.norms[rows]).clamp_(min=0)
    nearer = (least < best.squared[rows, 0]).nonzero()[:, 0]
    best.squared[rows.start + nearer, 0] = least[nearer]
    best.indices[rows.start + nearer, 0] = values[nearer].argmin(dim=1) + columns.start


def neighborhoods(real: Tensor, fake: Tensor, k: int, precision: Precision, border: Border = "outside") -> Neighborhoods:
    """Return the balls of `real` [n, d] and `fake` [m, d], each reaching to its own k-th neighbor, and what they hold of the other set.

    Args:
        real: Real features.
        fake: Generated features.
        k: The neighbor to which a ball reaches.
        precision: What the products are computed in.
        border: Whether a sample at exactly the radius is inside (Kynkaanniemi et al. 2019, equation 1, and torch-fidelity) or outside (the
            prdc package of Naeem et al. 2020).

    Raises:
        UserError: A set has no k-th neighbor.
    """
    if min(len(real), len(fake)) <= k:
        raise UserError(f"k={k} nearest neighbors need at least {k + 1} samples in each set, got {len(real)} and {len(fake)}: lower k")
    return _neighborhoods(real, fake, k, precision, border)


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
def _neighborhoods(real: Tensor, fake: Tensor, k: int, precision: Precision, border: Border) -> Neighborhoods:
    reals, fakes = cloud(real, real, precision), cloud(fake, real, precision)
    near_real, near_fake = nearest(reals, k + 1), nearest(fakes, k + 1)
    slack = relative_error(reals, fakes) if precision == "float32" else _float64_error(real.shape[1])
    real_balls = Balls(real, *near_real, k, 2 * slack * reals.norms, border)
    fake_balls = Balls(fake, *near_fake, k, 2 * slack * fakes.norms, border)
    radii, next_radii, fake_radii = real_balls.radii, near_real.squared[:, k], fake_balls.radii
    by_real, by_fake = _Counter(len(real), len(fake), real.device), _Counter(len(fake), len(real), real.device)
    shell, uncertain = torch.zeros(len(real), dtype=torch.int64, device=real.device), 0
    search = Search(reals, fakes)
    for rows, columns in tiles(len(real), len(fake)):
        allowed = slack * float(reals.norms[rows].max() + fakes.norms[columns].max())
        reach = torch.maximum(next_radii, radii + allowed + real_balls.rounding)[rows]
        i, j, squared = search.near(rows, columns, reach, (fake_radii + allowed + fake_balls.rounding)[columns])
        held, unsure = real_balls.holds(i, fake, j, squared, allowed)
        by_real.add(i[held], j[held])
        shell += torch.bincount(i[~held & (squared < next_radii[i])], minlength=len(shell))
        held, unsure_too = fake_balls.holds(j, real, i, squared, allowed)
        by_fake.add(j[held], i[held])
        uncertain += unsure + unsure_too
    return Neighborhoods(
        by_real.holding(),
        by_fake.holding(),
        shell,
        near_real.indices[:, :k],
        uncertain if precision == "float32" else 0,
        2 * len(real) * len(fake),
        (real_balls.zero_radii(), fake_balls.zero_radii()),
        border,
    )


def _float64_error(width: int) -> float:
    """The bound on the error of a float64 squared distance relative to |x|^2 + |y|^2: that of a product and of a norm of `width` terms."""
    return 2 * (width + 4) * torch.finfo(torch.float64).eps


def relative_error(first: Cloud, second: Cloud) -> float:
    """Bound on the error of a float32 squared distance relative to |x|^2 + |y|^2.

    It is SAFETY times the largest on PROBES x PROBES pairs plus what the cast to float32 may have changed.
    """
    x, y = (each.samples[:: max(1, len(each.samples) // PROBES)][:PROBES].contiguous() for each in (first, second))
    exact, rounded = (
        a.square().sum(dim=1)[:, None] + b.square().sum(dim=1) - 2 * product(a, b) for a, b in ((x.double(), y.double()), (x, y))
    )
    norms = x.double().square().sum(dim=1)[:, None] + y.double().square().sum(dim=1)
    measured = float(((rounded - exact).abs() / norms.clamp(min=torch.finfo(torch.float64).tiny)).max())
    return SAFETY * (measured + torch.finfo(torch.float32).eps)
