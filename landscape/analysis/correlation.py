"""Rank correlation with its interval."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm, spearmanr

from landscape.analysis.interval import Interval

FEWEST_MODELS = 10
"""The fewest models for which a rank correlation gets an interval."""


def rank_correlation(one: ArrayLike, two: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return Spearman's correlation of two quantities with the interval of Bonett and Wright (2000).

    Args:
        one: A finite number for each model [n].
        two: The other quantity of the same models [n].
        level: The nominal coverage.
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (one, two))
    n = len(x)
    if n < FEWEST_MODELS:
        return Interval(None, n=n, level=level, absent=f"{n} models: an interval needs {FEWEST_MODELS}")
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return Interval(None, n=n, level=level, absent="one of the two is the same for all models")
    rho = float(spearmanr(x, y).statistic)
    reach = float(norm.ppf((1 + level) / 2)) * math.sqrt((1 + rho**2 / 2) / (n - 3))
    z = float(np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12)))
    return Interval(rho, math.tanh(z - reach), math.tanh(z + reach), level=level, kind="Bonett and Wright", n=n)
