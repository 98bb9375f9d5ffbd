"""Rank correlations of two quantities with their intervals: Spearman's rho and Kendall's tau-b."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import kendalltau, norm, spearmanr

from landscape.analysis.interval import Interval

FEWEST_MODELS = 10
"""The fewest models for which a rank correlation gets an interval. From 20 models on Spearman's covers 93 to 96%
and Kendall's 92 to 96% of normal and of skewed scores (benchmarks/coverage.py).
"""
SAME_ORDER = "the order is the same throughout (or reversed)"
"""The reason why a correlation of 1 or -1 has no interval: that of models yet unseen cannot be told from it."""


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
    if math.isclose(abs(rho), 1):
        return Interval(math.copysign(1, rho), n=n, level=level, absent=SAME_ORDER)
    reach = float(norm.ppf((1 + level) / 2)) * math.sqrt((1 + rho**2 / 2) / (n - 3))
    z = math.atanh(rho)
    return Interval(rho, math.tanh(z - reach), math.tanh(z + reach), level=level, kind="Bonett and Wright", n=n)


def kendall_correlation(one: ArrayLike, two: ArrayLike) -> Interval:
    """Return Kendall's tau-b of two quantities of the same models, which is 1 for equal orders and -1 for reversed ones.

    The interval is that of Fieller, Hartley and Pearson (1957): the inverse hyperbolic tangent of tau has a variance of about
    0.437 / (n - 4). It says how far tau would move with other models of the same kind.

    Args:
        one: A finite number for each model [n].
        two: The other quantity of the same models [n].
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (one, two))
    n, kind = len(x), "Fieller, Hartley & Pearson over models"
    if n < 2:
        return Interval(None, kind=kind, n=n, absent="fewer than two models have no order")
    tau = float(kendalltau(x, y).statistic)
    if math.isnan(tau):
        return Interval(None, kind=kind, n=n, absent="one of the two is the same for all models")
    if n < FEWEST_MODELS:
        return Interval(tau, kind=kind, n=n, absent=f"fewer than {FEWEST_MODELS} models")
    if math.isclose(abs(tau), 1):  # Rounding may leave a little less than 1 where no two models are ordered differently.
        return Interval(math.copysign(1, tau), kind=kind, n=n, absent=SAME_ORDER)
    half = float(norm.ppf(0.975)) * math.sqrt(0.437 / (n - 4))
    low, high = (math.tanh(math.atanh(tau) + sign * half) for sign in (-1, 1))
    return Interval(tau, low, high, kind=kind, n=n)
