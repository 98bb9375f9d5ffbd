"""One setting trained on several fresh seeds: its mean, and the difference between two settings. What verdicts rest on."""

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


def seed_contrast(ours: ArrayLike, theirs: ArrayLike, *, log: bool, level: float = 0.95) -> Interval:
    """How two settings differ: ratio ours / theirs of geometric means where `log`, else difference of means; Welch 1947's t interval.

    Below 1 (or below 0) ours is better. No interval with fewer than 5 seeds on a side, or where a seed diverged.

    Raises:
        ValueError: `log` of scores of which one is at or below 0.
    """
    a, b = as_values(ours), as_values(theirs)
    _require_logarithms(np.concatenate([a, b]), log)
    n = len(a) + len(b)
    if min(len(a), len(b)) < FEWEST_SEEDS:
        return Interval(None, n=n, level=level, absent=f"{min(len(a), len(b))} seeds on one side: a verdict needs {FEWEST_SEEDS}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Interval(None, n=n, level=level, absent="a seed diverged: the means cannot be compared")
    x, y = (np.log(a), np.log(b)) if log else (a, b)
    back = math.exp if log else float
    center = float(x.mean() - y.mean())
    u, v = x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)
    if u + v == 0:
        return Interval(back(center), n=n, level=level, absent="no spread over seeds: were they fresh?")
    freedom = (u + v) ** 2 / (u**2 / (len(x) - 1) + v**2 / (len(y) - 1))
    reach = float(student.ppf((1 + level) / 2, freedom) * math.sqrt(u + v))
    return Interval(back(center), back(center - reach), back(center + reach), level=level, kind="Welch's t over seeds", n=n)


def _require_logarithms(scores: Values, log: bool) -> None:
    if log and (scores <= 0).any():
        raise ValueError(f"a score of {scores.min():g} has no logarithm: compare these seeds by their difference")
