"""Shares (of diverged trials, of wins) with their intervals."""

from typing import Literal

from scipy.stats import binomtest

from landscape.analysis.interval import Interval


def share(count: int, n: int, *, level: float = 0.95, method: Literal["clopper_pearson", "wilson"] = "clopper_pearson") -> Interval:
    """Return `count` of `n` independent trials as a share in [0, 1], with its interval.

    Clopper and Pearson 1934 covers with at least `level` for every true share; Wilson 1927 is narrower and covers with `level` on average.
    """
    if n == 0:
        return Interval(None, n=0, level=level, absent="no trials")
    exact = method == "clopper_pearson"
    ends = binomtest(count, n).proportion_ci(level, method="exact" if exact else "wilson")
    # Rounding leaves about 1e-17 of the ends that are exactly 0 and 1.
    low, high = max(0.0, min(count / n, float(ends.low))), min(1.0, max(count / n, float(ends.high)))
    return Interval(count / n, low, high, level=level, kind="Clopper-Pearson" if exact else "Wilson", n=n)
