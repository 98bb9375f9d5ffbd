"""Ours against published: means over seeds with intervals, and what an interval says beside a margin set beforehand."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student


def mean_between(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean over seeds and its 95% interval by Student's t; the interval is infinite for one seed, NaN where a seed has no score."""
    x = np.asarray(values, dtype=np.float64)
    if len(x) < 2:
        return float(x.mean()), -math.inf, math.inf
    reach = float(student.ppf(0.975, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x)))
    return float(x.mean()), float(x.mean()) - reach, float(x.mean()) + reach


def gain_between(more: Sequence[float], fewer: Sequence[float]) -> tuple[float, float, float]:
    """Difference of means over seeds and its 95% interval by Welch's t."""
    a, b = np.asarray(more, dtype=np.float64), np.asarray(fewer, dtype=np.float64)
    center = float(a.mean() - b.mean())
    if min(len(a), len(b)) < 2:
        return center, -math.inf, math.inf
    u, v = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    if u + v == 0:
        return center, center, center
    freedom = (u + v) ** 2 / (u**2 / (len(a) - 1) + v**2 / (len(b) - 1))
    reach = float(student.ppf(0.975, freedom)) * math.sqrt(u + v)
    return center, center - reach, center + reach


def judged(low: float, high: float, margin: float) -> str:
    """What an interval of the difference says beside the margin."""
    if -margin <= low and high <= margin:
        return "within the margin"
    return "outside the margin" if low > margin or high < -margin else "undecided: the interval crosses the margin"
