"""Intervals of scores from standard errors or counts. All of them are two-sided at 95 %."""

import math

import torch
from scipy.special import stdtrit
from scipy.stats import binomtest
from torch import Tensor

LEVEL = 0.95
Z = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""

Bounds = tuple[float | None, float | None]


def normal(value: float, standard_error: float, bounds: Bounds = (None, None)) -> tuple[float, float]:
    """Return `value` -+ 1.96 standard errors, cut at `bounds`."""
    return _cut(value - Z * standard_error, value + Z * standard_error, bounds)


def normal_if_varied(value: float, standard_error: float, bounds: Bounds = (None, None)) -> tuple[float, float] | None:
    """Return the same as `normal`, or None if no sample differed from another, which does not tell how other samples would differ."""
    return normal(value, standard_error, bounds) if standard_error > 1e-12 * max(1.0, abs(value)) else None


def log_normal(value: float, log_standard_error: float, bounds: Bounds = (None, None)) -> tuple[float, float]:
    """Return the interval of a positive score whose logarithm has the given standard error."""
    return _cut(value * math.exp(-Z * log_standard_error), value * math.exp(Z * log_standard_error), bounds)


def student(value: float, standard_error: float, freedom: float, bounds: Bounds = (None, None)) -> tuple[float, float]:
    """Return `value` -+ a quantile of Student's t times the standard error. `freedom`, the degrees of freedom, may be infinite."""
    reach = _quantile(freedom) * standard_error
    return _cut(value - reach, value + reach, bounds)


def log_student(value: float, log_standard_error: float, freedom: float) -> tuple[float, float]:
    """Return the interval of `student` for the logarithm of a positive score. It reaches at most a factor of e^50 to each side."""
    reach = min(_quantile(freedom) * log_standard_error, 50.0)
    return value * math.exp(-reach), value * math.exp(reach)


def _quantile(freedom: float) -> float:
    return Z if math.isinf(freedom) else float(stdtrit(freedom, (1 + LEVEL) / 2))


def _cut(low: float, high: float, bounds: Bounds) -> tuple[float, float]:
    """Return both ends within `bounds`, because rounding can leave a whole interval just outside."""
    least, most = (-math.inf if bounds[0] is None else bounds[0]), (math.inf if bounds[1] is None else bounds[1])
    return min(max(low, least), most), min(max(high, least), most)


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """Return Wilson's score interval of a share of independent samples (Wilson 1927), within [0, 1] and never empty at 0 or 1.

    Args:
        successes: The number of successes. It need not be whole if it comes from a mean of shares. The interval is then that of the
            nearest count, widened if the share itself would lie outside.
        trials: The number of samples.
    """
    share = successes / trials
    interval = binomtest(round(successes), trials).proportion_ci(LEVEL, method="wilson")
    # Ends that are exactly 0 or 1 may be off by 1e-17 because of rounding.
    return max(0.0, min(share, float(interval.low))), min(1.0, max(share, float(interval.high)))


def standard_error(values: Tensor) -> float:
    """Return the standard error of the mean of independent `values` [N] from their unbiased variance in float64."""
    return float(torch.std(values.double()) / math.sqrt(len(values)))
