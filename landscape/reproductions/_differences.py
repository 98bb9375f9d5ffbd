"""Compares this project's values with published ones: means over seeds with intervals, and verdicts against a margin.

The margin is set before anything is run.
"""

import math
import warnings
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student
from scipy.stats import ttest_ind


def mean_between(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean over seeds and its 95% interval by Student's t, as (mean, low, high).

    The interval is infinite for one seed. It is NaN if a seed has no score, or if all seeds have the same one, because their spread is then
    unknown.
    """
    x = np.asarray(values, dtype=np.float64)
    if len(x) < 2:
        return float(x.mean()), -math.inf, math.inf
    if np.ptp(x) == 0:
        return float(x[0]), math.nan, math.nan
    reach = float(student.ppf(0.975, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x)))
    return float(x.mean()), float(x.mean()) - reach, float(x.mean()) + reach


def gain_between(more: Sequence[float], fewer: Sequence[float]) -> tuple[float, float, float]:
    """Return the difference of the means over seeds and its 95% interval by Welch's t, as (difference, low, high).

    The interval is infinite or NaN in the same cases as in `mean_between`.
    """
    a, b = np.asarray(more, dtype=np.float64), np.asarray(fewer, dtype=np.float64)
    center = float(a.mean() - b.mean())
    if min(len(a), len(b)) < 2:
        return center, -math.inf, math.inf
    if np.ptp(a) == np.ptp(b) == 0:
        return center, math.nan, math.nan
    with warnings.catch_warnings():
        # SciPy warns about a loss of precision if all scores of one group are equal, which is not a problem here.
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        within = ttest_ind(a, b, equal_var=False).confidence_interval()
    return center, float(within.low), float(within.high)


def judged(low: float, high: float, margin: float) -> str:
    """Say what the interval [low, high] of a difference means for the given margin."""
    if math.isnan(low) or math.isnan(high):
        return "not judged: no interval"
    if -margin <= low and high <= margin:
        return "within the margin"
    return "not reproduced: outside the margin" if low > margin or high < -margin else "undecided: the interval crosses the margin"
