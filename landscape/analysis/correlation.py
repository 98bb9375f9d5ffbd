"""Rank correlations of two quantities with their intervals: Spearman's rho and Kendall's tau-b."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import kendalltau, norm, spearmanr

from landscape.analysis.interval import Interval

FEWEST_MODELS = 10
"""The fewest models for which a rank correlation gets an interval. From 20 models on Spearman's covers 93 to 96%
and Kendall's 92 to 96% of normal and of skewed scores (benchmarks/coverage.py).
"""


def rank_correlation(one: ArrayLike, two: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return Spearman's correlation of two quantities of the same models with the interval of Bonett and Wright (2000).

    Args:
        one: A finite number for each model [n].
        two: The other quantity of the same models [n].
        level: The nominal coverage.
    """
    return _correlation(spearmanr, one, two, lambda rho, n: (1 + rho**2 / 2) / (n - 3), "Bonett and Wright", level)


def kendall_correlation(one: ArrayLike, two: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return Kendall's tau-b of two quantities of the same models, which is 1 for equal orders and -1 for reversed ones.

    The interval is that of Fieller, Hartley and Pearson (1957): the inverse hyperbolic tangent of tau has a variance of about
    0.437 / (n - 4). It says how far tau would move with other models of the same kind. The arguments are those of `rank_correlation`.
    """
    return _correlation(kendalltau, one, two, lambda _, n: 0.437 / (n - 4), "Fieller, Hartley & Pearson over models", level)


def _correlation(
    measure: Callable[..., Any], one: ArrayLike, two: ArrayLike, variance: Callable[[float, int], float], kind: str, level: float
) -> Interval:
    """Return a correlation with an interval that is normal on the scale of its inverse hyperbolic tangent, where it has this variance.

    A correlation of 1 or -1 has none, because that of models yet unseen cannot be told from it.
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (one, two))
    found = Interval(None, level=level, kind=kind, n=len(x))
    if found.n < 2:
        return replace(found, absent="fewer than two models have no order")
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return replace(found, absent="one of the two is the same for all models")
    value = round(float(measure(x, y).statistic), 12)  # SciPy may leave a little less than 1 where no two models are ordered differently.
    if found.n < FEWEST_MODELS:
        return replace(found, value=value, absent=f"{found.n} models: an interval needs {FEWEST_MODELS}")
    if abs(value) == 1:
        return replace(found, value=value, absent="the order is the same throughout (or reversed)")
    reach = float(norm.ppf((1 + level) / 2)) * math.sqrt(variance(value, found.n))
    return replace(found, value=value, low=math.tanh(math.atanh(value) - reach), high=math.tanh(math.atanh(value) + reach))
