"""Ours against published: means over seeds with intervals, and what an interval says beside a margin set beforehand."""

import math
import warnings
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student
from scipy.stats import ttest_ind


def mean_between(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean over seeds and its 95% interval by Student's t.

    The interval is infinite for one seed and NaN where a seed has no score, or where all have the same one: their spread is not known.
    """
    x = np.asarray(values, dtype=np.float64)
    if len(x) < 2:
        return float(x.mean()), -math.inf, math.inf
    if np.ptp(x) == 0:
        return float(x[0]), math.nan, math.nan
    reach = float(student.ppf(0.975, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x)))
    return float(x.mean()), float(x.mean()) - reach, float(x.mean()) + reach


def gain_between(more: Sequence[float], fewer: Sequence[float]) -> tuple[float, float, float]:
    """Difference of means over seeds and its 95% interval by Welch's t, infinite or NaN as in `mean_between`."""
    a, b = np.asarray(more, dtype=np.float64), np.asarray(fewer, dtype=np.float64)
    center = float(a.mean() - b.mean())
    if min(len(a), len(b)) < 2:
        return center, -math.inf, math.inf
    if np.ptp(a) == np.ptp(b) == 0:
        return center, math.nan, math.nan
    with warnings.catch_warnings():
        # Scores that are all the same in one group are no loss of precision.
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        within = ttest_ind(a, b, equal_var=False).confidence_interval()
    return center, float(within.low), float(within.high)


def judged(low: float, high: float, margin: float) -> str:
    """What an interval of the difference says beside the margin."""
    if math.isnan(low) or math.isnan(high):
        return "not judged: no interval"
    if -margin <= low and high <= margin:
        return "within the margin"
    return "not reproduced: outside the margin" if low > margin or high < -margin else "undecided: the interval crosses the margin"
