"""Compares this project's values with published ones: means over seeds with intervals, and verdicts against a margin.

The margin is set before anything is run.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student

from landscape.analysis.agreement import Bounds


def mean_between(values: Sequence[float], bounds: Bounds = (None, None)) -> tuple[float, float, float]:
    """Return the mean over seeds and its 95% interval by Student's t, as (mean, low, high).

    The interval ends at a bound of the score. It is infinite for one seed. It is NaN if a seed has no score, if all seeds have the same
    one, because their spread is then unknown, or if the score lies between two bounds: there the interval was not shown to hold (see
    `landscape.analysis.agreement.mean_over_seeds`).

    Args:
        values: One score per seed.
        bounds: The least and the largest value that the score can have. None stands for a side without a bound.
    """
    x = np.asarray(values, dtype=np.float64)
    mean = float(x.mean())
    if None not in bounds:
        return mean, math.nan, math.nan
    low, high = (-math.inf if bounds[0] is None else bounds[0], math.inf if bounds[1] is None else bounds[1])
    if len(x) < 2:
        return mean, low, high
    if np.ptp(x) == 0:
        return mean, math.nan, math.nan
    reach = float(student.ppf(0.975, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x)))
    return mean, max(mean - reach, low), min(mean + reach, high)


def judged(low: float, high: float, margin: float) -> str:
    """Say what the interval [low, high] of a difference means for the given margin."""
    if math.isnan(low) or math.isnan(high):
        return "not judged: no interval"
    if -margin <= low and high <= margin:
        return "within the margin"
    return "not reproduced: outside the margin" if low > margin or high < -margin else "undecided: the interval crosses the margin"
