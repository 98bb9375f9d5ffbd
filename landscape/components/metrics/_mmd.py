"""The unbiased squared maximum mean discrepancy (MMD) of Gretton et al. 2012, lemma 6, and the parts of its sampling variance."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from landscape.components.metrics._clouds import Cloud, inner, tiles, upper_tiles

Kernel = Callable[[Tensor, Cloud, Cloud], Tensor]
"""A function of products [r, c], their r samples and their c samples, which overwrites the products with kernel values [r, c]."""


def polynomial(degree: int, gamma: float, coef0: float) -> Kernel:
    """Return the kernel (gamma x.y + coef0)^degree, where x.y is the product of the features before they were centered."""

    def kernel(products: Tensor, first: Cloud, second: Cloud) -> Tensor:
        products.add_(first.offsets[:, None]).add_(second.offsets)
        return products.mul_(gamma).add_(coef0).pow_(degree)

    return kernel


def rbf(sigma: float) -> Kernel:
    """Return the kernel exp(-|x - y|^2 / (2 sigma^2))."""

    def kernel(products: Tensor, first: Cloud, second: Cloud) -> Tensor:
        products.mul_(2).sub_(first.norms[:, None]).sub_(second.norms)
        return products.clamp_(max=0).mul_(1 / (2 * sigma**2)).exp_()

    return kernel


class PairSums(NamedTuple):
    """Sums of kernel values in float64 over the pairs of two sets. If both are the same set, pairs of a sample with itself are left out."""

    rows: Tensor
    """The sum [n] for each sample of the first set."""
    columns: Tensor
    """The sum [m] for each sample of the second set."""
    squares: float
    """The sum of the squared kernel values."""
    subsets: Tensor
    """The sum [S] over the pairs inside each subset."""


def pair_sums(first: Cloud, second: Cloud, kernel: Kernel, members: tuple[Tensor, Tensor] | None = None, *, keep: bool = False) -> PairSums:
    """Return the sums of the kernel over all pairs of two clouds.

    Args:
        first: A cloud of n samples.
        second: A cloud of m samples, or `first` itself.
        kernel: Computes the values of a tile.
        members: Two tensors [n, S] and [m, S] in the clouds' precision, which are 1 where a sample belongs to subset s and 0 elsewhere.
        keep: Whether the products are kept for scores that are computed later, as in `inner`.
    """
    same = second is first
    rows = torch.zeros(len(first.norms), dtype=torch.float64, device=first.norms.device)
    columns = rows if same else torch.zeros(len(second.norms), dtype=torch.float64, device=rows.device)
    squares = rows.new_zeros(())
    subsets = rows.new_zeros(0 if members is None else members[0].shape[1])
    every = upper_tiles(len(rows)) if same else tiles(len(rows), len(columns))
    for i, j in every:
        on_diagonal = same and i == j
        values = kernel(inner(first, second, i, j, keep=keep), first.part(i), second.part(j))
        if on_diagonal:
            values.fill_diagonal_(0)
        times = 2 if same and not on_diagonal else 1  # A tile above the diagonal also stands for its mirror image.
        # Sums over one tile are in its own precision, and sums over tiles in float64.
        rows[i] += values.sum(dim=1)
        if not on_diagonal:
            columns[j] += values.sum(dim=0)
        if members is not None:
            subsets += times * (members[0][i] * (values @ members[1][j])).sum(dim=0)
        squares += times * torch.dot(values.flatten(), values.flatten())
    return PairSums(rows, columns, float(squares), subsets)


class Components(NamedTuple):
    """Parts of the sampling variance of the squared MMD: `first_*` of projections on one sample, `second_*` of what pairs add."""

    first_x: float
    first_y: float
    second_xx: float
    second_yy: float
    second_xy: float

    def variance(self, n: int, m: int) -> float:
        """Return the variance of the unbiased estimate from n and m samples (Hoeffding's decomposition), which is never negative."""
        first = 4 * max(self.first_x, 0.0) / n + 4 * max(self.first_y, 0.0) / m
        second = 2 * self.second_xx / (n * (n - 1)) + 2 * self.second_yy / (m * (m - 1)) + 4 * self.second_xy / (n * m)
        return first + max(second, 0.0)


def squared_mmd(xx: PairSums, yy: PairSums, xy: PairSums) -> float:
    """Return the unbiased squared MMD: the mean kernel over distinct pairs inside each set, minus twice that over pairs across."""
    n, m = len(xx.rows), len(yy.rows)
    return float(xx.rows.sum() / (n * (n - 1)) + yy.rows.sum() / (m * (m - 1)) - 2 * xy.rows.sum() / (n * m))


def components(xx: PairSums, yy: PairSums, xy: PairSums) -> Components:
    """Estimate the parts of the variance from one sample of each set: the variances of row means, minus the noise in these means."""
    n, m = len(xx.rows), len(yy.rows)
    inner_x, inner_y = xx.rows / (n - 1), yy.rows / (m - 1)
    cross_x, cross_y = xy.rows / m, xy.columns / n

    def second(squares: float, pairs: int, *means: Tensor) -> float:
        # The variance of k is that of its projections, once for each argument, plus the part of second order.
        center = float(means[0].mean())
        return squares / pairs - center**2 - sum(float(each.var()) for each in means)

    second_xx = second(xx.squares, n * (n - 1), inner_x, inner_x)
    second_yy = second(yy.squares, m * (m - 1), inner_y, inner_y)
    second_xy = second(xy.squares, n * m, cross_x, cross_y)
    return Components(
        first_x=float((inner_x - cross_x).var()) - second_xx / (n - 1) - second_xy / m,
        first_y=float((inner_y - cross_y).var()) - second_yy / (m - 1) - second_xy / n,
        second_xx=second_xx,
        second_yy=second_yy,
        second_xy=second_xy,
    )
