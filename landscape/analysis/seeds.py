"""The mean of one setting over several fresh seeds. `landscape.analysis.paired` says how two settings differ."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from landscape.analysis.interval import Interval, Values, as_values

FEWEST_SEEDS = 5


def seed_mean(values: ArrayLike, *, log: bool, level: float = 0.95) -> Interval:
    """Return the mean over seeds (geometric if `log`) with Student's t interval. There is no interval below 5 seeds or if one diverged.

    It covers 95% of normal scores. Skewed ones that are compared without logarithms cost some: 92% of lognormal scores with a deviation of
    0.5 at 5 seeds, and 93% at 20 (benchmarks/coverage.py).

    Args:
        values: One score for each seed [n]. Lower is better, and a diverged seed is +inf.
        log: Whether the mean is taken of logarithms, as for Frechet distances.
        level: The nominal coverage.

    Raises:
        ValueError: `log` is set and a score is at or below 0.
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
