"""Shares (of diverged trials, of wins) with their intervals."""

import math
from typing import Literal

from scipy.stats import beta, norm

from landscape.analysis.interval import Interval


def share(count: int, n: int, *, level: float = 0.95, method: Literal["clopper_pearson", "wilson"] = "clopper_pearson") -> Interval:
    """`count` of `n` independent trials as a share in [0, 1].

    Clopper and Pearson 1934 covers with at least `level` for every true share; Wilson 1927 is narrower and covers with `level` on average.
    """
    if n == 0:
        return Interval(None, n=0, level=level, absent="no trials")
    low, high = _clopper_pearson(count, n, level) if method == "clopper_pearson" else _wilson(count, n, level)
    kind = "Clopper-Pearson" if method == "clopper_pearson" else "Wilson"
    return Interval(count / n, low, high, level=level, kind=kind, n=n)


def _clopper_pearson(count: int, n: int, level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(beta.ppf(tail, count, n - count + 1))
    high = 1.0 if count == n else float(beta.ppf(1 - tail, count + 1, n - count))
    return low, high


def _wilson(count: int, n: int, level: float) -> tuple[float, float]:
    z = float(norm.ppf((1 + level) / 2))
    observed = count / n
    center = observed + z * z / (2 * n)
    reach = z * math.sqrt(observed * (1 - observed) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (center - reach) / scale), min(1.0, (center + reach) / scale)
