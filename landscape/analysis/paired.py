"""Compares two settings trained on the same fresh seeds: how they differ, and which differences the seeds can resolve.

Seeds are the unit of replication. Differences are taken seed by seed, so that the interval holds whatever two runs of one seed have in
common. tests/analysis/test_paired.py simulates the coverage at 5 and 10 seeds, for normal and skewed scores of equal and unequal
spread.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import nct
from scipy.stats import t as student

from landscape.analysis.interval import Interval, Values
from landscape.analysis.seeds import FEWEST_SEEDS

POWER = 0.8
"""The probability with which a resolvable difference would be decided."""
MOST_SEEDS = 1000
"""The number of seeds beyond which a question is called out of reach."""


def differences(ours: ArrayLike, theirs: ArrayLike, *, log: bool) -> Values:
    """Return the difference ours - theirs of each seed [seeds], averaged over blocks. If `log`, it is one of logarithms.

    Args:
        ours: The scores [blocks, seeds] or [seeds]. The columns are the same seeds on both sides.
        theirs: The scores of the other setting in the same shape.
        log: Whether scores are compared by their ratio.
    """
    a, b = (np.atleast_2d(np.asarray(x, dtype=np.float64)) for x in (ours, theirs))
    assert a.shape == b.shape, "paired scores have the same blocks and seeds on both sides"
    x, y = (np.log(a), np.log(b)) if log else (a, b)
    mean: Values = (x - y).mean(axis=0)
    return mean


def paired_contrast(ours: ArrayLike, theirs: ArrayLike, *, log: bool, level: float = 0.95) -> Interval:
    """Return how two settings differ: the ratio ours / theirs of geometric means if `log`, otherwise the difference of means.

    The interval is Student's t on the differences of each seed. If lower scores are better, ours is better below 1 (or below 0). There
    is no interval with fewer than 5 common seeds, or if a seed diverged, because a mean over the surviving seeds would compare
    something else.
    """
    a, b = (np.atleast_2d(np.asarray(x, dtype=np.float64)) for x in (ours, theirs))
    n = a.shape[1]
    if n < FEWEST_SEEDS:
        return Interval(None, n=n, level=level, absent=f"{n} common seeds: a verdict needs {FEWEST_SEEDS}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Interval(None, n=n, level=level, absent="a seed diverged: the means cannot be compared")
    d = differences(a, b, log=log)
    back = math.exp if log else float
    center = float(d.mean())
    # Differences that differ by rounding alone are equal.
    if np.ptp(d) <= 1e-12 * max(1.0, abs(center)):
        return Interval(back(center), n=n, level=level, absent="no spread over seeds: were they fresh?")
    reach = float(student.ppf((1 + level) / 2, n - 1) * d.std(ddof=1) / math.sqrt(n))
    return Interval(back(center), back(center - reach), back(center + reach), level=level, kind="paired t over seeds", n=n)


def resolvable_difference(spread: float, seeds: int, *, level: float = 0.95, power: float = POWER) -> float:
    """Return the smallest true difference that `seeds` paired seeds decide with probability `power`, in the unit of `spread`.

    Args:
        spread: The standard deviation of the paired differences. If it is that of log ratios, the result is the log of a ratio.
        seeds: The number of seeds, at least 2.
        level: The coverage of the interval that has to exclude no difference.
        power: The probability, between 0 and 1.
    """
    critical = float(student.ppf((1 + level) / 2, seeds - 1))
    # The chance to decide in the wrong direction is left out: it is negligible at any power worth asking for.
    shift = float(brentq(lambda x: nct.sf(critical, seeds - 1, x) - power, 0.0, 4 * critical + 20))
    return shift * spread / math.sqrt(seeds)


def seeds_to_decide(difference: float, spread: float, *, level: float = 0.95, power: float = POWER) -> int | None:
    """Return the number of paired seeds that decide a true `difference` with probability `power`, or None if it is above 1,000."""
    if difference == 0 or resolvable_difference(spread, MOST_SEEDS, level=level, power=power) > abs(difference):
        return None
    low, high = FEWEST_SEEDS, MOST_SEEDS
    while low < high:
        middle = (low + high) // 2
        if resolvable_difference(spread, middle, level=level, power=power) <= abs(difference):
            high = middle
        else:
            low = middle + 1
    return low
