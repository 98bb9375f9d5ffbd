"""Probability of improvement: how often a trial of one kind scores better than a trial of another."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import norm

from landscape.analysis.interval import Interval, as_values


def probability_of_improvement(ours: ArrayLike, theirs: ArrayLike, *, level: float = 0.95) -> Interval:
    """P(ours < theirs) + P(ours = theirs) / 2 for scores where lower is better; +inf (diverged) ties with +inf.

    The point is Vargha and Delaney 2000's A; the interval Newcombe 2006's method 5: the set of theta that a score test
    with Hanley and McNeil's variance, both sample sizes replaced by half their sum, does not reject.
    """
    a, b = as_values(ours), as_values(theirs)
    m, n = len(a), len(b)
    if m == 0 or n == 0:
        return Interval(None, n=m + n, level=level, absent="no trials on one side")
    point = _wins(a, b) / (m * n)
    if min(m, n) < 3:
        return Interval(point, n=m + n, level=level, absent="fewer than 3 trials on one side: coverage was not shown")
    z = float(norm.ppf((1 + level) / 2))
    return Interval(point, _bound(point, m, n, z, 0.0), _bound(point, m, n, z, 1.0), level=level, kind="Newcombe's method 5", n=m + n)


def _wins(a: np.ndarray, b: np.ndarray) -> float:
    """Pairs with a < b, and half of the ties; O((m + n) log n)."""
    below_or_equal = np.searchsorted(b, a, side="right")
    below = np.searchsorted(b, a, side="left")
    return float(np.sum(len(b) - below_or_equal) + 0.5 * np.sum(below_or_equal - below))


def _variance(theta: float, m: int, n: int) -> float:
    half = (m + n) / 2 - 1
    return theta * (1 - theta) * (1 + half * (1 - theta) / (2 - theta) + half * theta / (1 + theta)) / (m * n)


def _bound(point: float, m: int, n: int, z: float, end: float) -> float:
    """The solution of |theta - point| = z * s.e.(theta) between `point` and `end`."""

    def excess(theta: float) -> float:
        return abs(theta - point) - z * math.sqrt(_variance(theta, m, n))

    if point == end or excess(end) < 0:
        return end
    # At `end` the variance is 0 and the excess positive; at `point` it is negative unless point is the other end, where it is 0.
    start = point + (end - point) * 1e-9 if excess(point) >= 0 else point
    return float(brentq(excess, start, end))
