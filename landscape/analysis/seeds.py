"""One setting trained on several fresh seeds: its mean. How two settings differ is in `landscape.analysis.paired`."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from landscape.analysis.interval import Interval, Values, as_values

FEWEST_SEEDS = 5


def seed_mean(values: ArrayLike, *, log: bool, level: float = 0.95) -> Interval:
    """Mean over seeds (geometric where `log`: Frechet distances) with Student's t interval; none below 5 seeds or where one diverged.

    Args:
        values: one score a seed [n], lower is better; +inf stands for a diverged seed.
        log: whether the mean is taken of logarithms.
        level: nominal coverage.

    Raises:
        ValueError: `log` of scores of which one is at or below 0.
    """
    scores = as_values(values)
    _require_logarithms(scores, log)
    n = len(scores)
    if n == 0 or not np.isfinite(scores).all():
        diverged = int(np.sum(~np.isfinite(scores)))
        return Interval(None, n=n, level=level, absent=f"{diverged} of {n} seeds diverged: no mean" if n else "no seeds")
    x = np.log(scores) if log else scores
    center = float(x.mean())
    back = math.exp if log else float
    if n < FEWEST_SEEDS:
        return Interval(back(center), n=n, level=level, absent=f"{n} seeds: an interval needs {FEWEST_SEEDS}")
    if np.ptp(x) == 0:
        return Interval(back(center), n=n, level=level, absent="no spread over seeds: were they fresh?")
    reach = float(student.ppf((1 + level) / 2, n - 1) * x.std(ddof=1) / math.sqrt(n))
    return Interval(back(center), back(center - reach), back(center + reach), level=level, kind="Student's t over seeds", n=n)


def _require_logarithms(scores: Values, log: bool) -> None:
    if log and (scores <= 0).any():
        raise ValueError(f"a score of {scores.min():g} has no logarithm: compare these seeds by their difference")
