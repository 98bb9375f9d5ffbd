"""Quantiles of scores with order-statistic intervals: exact for any distribution, diverged trials included.

The interval (x_(l), x_(u)) covers the p-quantile when the number of observations below it lies in [l, u - 1], whose probability is
binomial (David and Nagaraja 2003, Order Statistics, section 7.1). For observations of unequal distribution, such as trials spread evenly
over the cells of a level, that number varies less than a binomial (Hoeffding 1956), so the coverage is at least the stated one.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom

from landscape.analysis.interval import Interval, as_values

TOP_SHARE = 0.05
TOP_COUNT = 5
"""The number of trials expected below a shown quantile. With fewer, its 95% interval would need an observation better than the best."""


def shown_share(n: int) -> float | None:
    """Return the share of the quantile that n trials can support: max(5%, 5/n), and at most the median. It is None below 6 trials."""
    if n < 6:
        return None
    return min(0.5, max(TOP_SHARE, TOP_COUNT / n))


def share_name(share: float) -> str:
    """Return the name under which a quantile is shown, such as `8.3% quantile`, `5% quantile` or `median`."""
    return "median" if share == 0.5 else f"{100 * share:.2g}% quantile"


def rank_of(n: int, share: float) -> int:
    """Return the number of the order statistic (1 = best) that is the quantile, which is the smallest k with k/n >= share."""
    return max(1, math.ceil(n * share - 1e-9))


@lru_cache(maxsize=4096)
def interval_ranks(n: int, share: float, level: float = 0.95) -> tuple[int, int] | None:
    """Return the ranks (l, u), from 1, of the narrowest and then surest interval that covers the quantile with at least `level`."""
    cumulative = binom.cdf(np.arange(n + 1), n, share)
    best: tuple[int, float, tuple[int, int]] | None = None
    for low in range(1, n):
        missed = cumulative[low - 1]
        # The smallest u with cdf(u - 1) - cdf(l - 1) >= level.
        high = int(np.searchsorted(cumulative, level + missed, side="left")) + 1
        if high > n:
            break
        covered = float(cumulative[high - 1] - missed)
        if best is None or (high - low, -covered) < best[:2]:
            best = (high - low, -covered, (low, high))
    return None if best is None else best[2]


def quantile(values: ArrayLike, share: float | None = None, *, level: float = 0.95) -> Interval:
    """Return the `share` quantile of `values` (lower is better, +inf = diverged) with its order-statistic interval."""
    ordered = as_values(values)
    n = len(ordered)
    share = shown_share(n) if share is None else share
    if share is None or n == 0:
        return Interval(None, n=n, level=level, absent=f"{n} trials: a quantile with its interval needs 6")
    point = float(ordered[rank_of(n, share) - 1])
    ranks = interval_ranks(n, share, level)
    if ranks is None:
        return Interval(
            point, n=n, level=level, absent=f"{n} trials are too few for a {100 * level:g}% interval of the {share_name(share)}"
        )
    low, high = (float(ordered[rank - 1]) for rank in ranks)
    return Interval(point, low, high, level=level, kind="order statistics", n=n)
