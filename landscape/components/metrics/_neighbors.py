"""Finds the generated samples in each real sample's k-NN ball, and the reverse, for precision, recall, density and coverage.

Squared distances come from products of centered samples and are rounded. If rounding could have decided a comparison, it is decided again
by distances that are measured directly (`_borders.py`), so that ties are recognized.

In float32 the largest error of a product, relative to |x|^2 + |y|^2, is measured against float64 on PROBES x PROBES pairs of the same
samples, and SAFETY times this error is allowed for. Some comparisons may still be decided differently in float64, and these are counted:
comparisons with a ball whose k-th and next neighbor differ by less than the rounding, because the k-th neighbor may then be another sample.
In float64 the allowance is the bound of Higham 2002 (Accuracy and Stability of Numerical Algorithms, equation 3.5).
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
"""The number of samples of each set on which rounding is measured."""
SAFETY = 2.0
"""The factor by which the measured error is multiplied, because both sides of a comparison are rounded."""


class Nearest(NamedTuple):
    """The nearest other samples of each sample."""

    squared: Tensor
    """The ascending squared distances [n, k] to them."""
    indices: Tensor
    """Their indices [n, k]."""


class Holding(NamedTuple):
    """Balls around the samples of set A, and which samples of set B they hold."""

    balls: Tensor
    """How many balls hold each sample [B]."""
    members: Tensor
    """How many samples each ball holds [A]."""
    only_ball: Tensor
    """The index of the ball [B] where `balls` is 1."""
    only_member: Tensor
    """The index of the sample [A] where `members` is 1."""


class Neighborhoods(NamedTuple):
    """The k-NN balls of n real and m generated samples, and the samples of the other set in them."""

    real: Holding
    fake: Holding
    shell: Tensor
    """The number of generated samples [n] that each real ball would gain if one of its k neighbors were removed."""
    real_neighbors: Tensor
    """The k neighbors [n, k] of each real sample."""
    uncertain: int
    """The number of those `decisions` that float64 may have decided differently."""
    decisions: int
    """The number of comparisons of a sample with a ball."""
    zero_radii: tuple[int, int]
    """The numbers of real and of generated balls of radius 0, which belong to samples that occur more than k times."""
    border: Border
    """Whether a sample at exactly the radius is inside of the ball."""


class _Best:
    """The `count` smallest squared distances of each of n samples that were found so far, ascending, with the other samples' indices."""

    def __init__(self, like: Tensor, count: int) -> None:
        self.squared = torch.full((len(like), count), torch.inf, dtype=like.dtype, device=like.device)
        self.indices = torch.zeros(self.squared.shape, dtype=torch.int64, device=like.device)

    def merge(self, where: slice, squared: Tensor, indices: Tensor) -> None:
        """Offer further distances [r, p] to the samples `where`, which keep the smallest."""
        values = torch.cat([self.squared[where], squared], dim=1)
        self.squared[where], order = values.topk(self.squared.shape[1], dim=1, largest=False)
        self.indices[where] = torch.cat([self.indices[where], indices], dim=1).gather(1, order)

    def merge_pairs(self, where: slice, own: Tensor, others: Tensor, squared: Tensor) -> None:
        """Offer the distances of single pairs: of the samples `own` [p], which are ascending and inside `where`, to `others` [p]."""
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
    """Return the `count` nearest other samples of each sample. If there are fewer others, their distances are infinite.

    Tiles on the diagonal come first. After that only the few pairs that are nearer than those that a sample already has are measured.
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
    """Return the squared distance [n] and the index [n] of the sample of `reference` that is nearest to each point, `but` [n] aside."""
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
    """Offer each point the nearest sample of one tile. Only for the points that find a nearer one is its index looked up."""
    products = product(points.samples[rows], reference.samples[columns])
    # |y|^2 - 2 x.y orders a row in the same way as the distance, so |x|^2 is only added to the smallest value.
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
        precision: The precision in which the products are computed.
        border: Whether a sample at exactly the radius is inside (Kynkaanniemi et al. 2019, equation 1, and torch-fidelity) or outside (the
            prdc package of Naeem et al. 2020).

    Raises:
        UserError: A set has no k-th neighbor.
    """
    if min(len(real), len(fake)) <= k:
        raise UserError(f"k={k} nearest neighbors need at least {k + 1} samples in each set, got {len(real)} and {len(fake)}: lower k")
    return _neighborhoods(real, fake, k, precision, border)


class _Counter:
    """Counts pair by pair which balls hold which samples."""

    def __init__(self, balls: int, samples: int, device: torch.device) -> None:
        self.members, self.only_member = (torch.zeros(balls, dtype=torch.int64, device=device) for _ in range(2))
        self.balls, self.only_ball = (torch.zeros(samples, dtype=torch.int64, device=device) for _ in range(2))

    def add(self, ball: Tensor, sample: Tensor) -> None:
        """Count that ball `ball[p]` holds sample `sample[p]`, for every p."""
        self.members += torch.bincount(ball, minlength=len(self.members))
        self.balls += torch.bincount(sample, minlength=len(self.balls))
        # Of several entries the last one stays. Only entries that are alone are read.
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
    """Return the bound on the error of a float64 squared distance relative to |x|^2 + |y|^2, from a product and a norm of `width` terms."""
    return 2 * (width + 4) * torch.finfo(torch.float64).eps


def relative_error(first: Cloud, second: Cloud) -> float:
    """Return a bound on the error of a float32 squared distance relative to |x|^2 + |y|^2.

    It is SAFETY times the sum of the largest error on PROBES x PROBES pairs and the error of the conversion to float32.
    """
    x, y = (each.samples[:: max(1, len(each.samples) // PROBES)][:PROBES].contiguous() for each in (first, second))
    exact, rounded = (
        a.square().sum(dim=1)[:, None] + b.square().sum(dim=1) - 2 * product(a, b) for a, b in ((x.double(), y.double()), (x, y))
    )
    norms = x.double().square().sum(dim=1)[:, None] + y.double().square().sum(dim=1)
    measured = float(((rounded - exact).abs() / norms.clamp(min=torch.finfo(torch.float64).tiny)).max())
    return SAFETY * (measured + torch.finfo(torch.float32).eps)
