"""Intervals of scores, from standard errors or counts. All are two-sided at 95 %."""

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
    """`value` -+ 1.96 standard errors, cut at `bounds`."""
    return _cut(value - Z * standard_error, value + Z * standard_error, bounds)


def normal_if_varied(value: float, standard_error: float, bounds: Bounds = (None, None)) -> tuple[float, float] | None:
    """As `normal`; None where no sample differed from another, which says nothing of how other samples would."""
    return normal(value, standard_error, bounds) if standard_error > 1e-12 * max(1.0, abs(value)) else None


def log_normal(value: float, log_standard_error: float, bounds: Bounds = (None, None)) -> tuple[float, float]:
    """The interval of a positive score whose logarithm has the given standard error."""
    return _cut(value * math.exp(-Z * log_standard_error), value * math.exp(Z * log_standard_error), bounds)


def student(value: float, standard_error: float, freedom: float, bounds: Bounds = (None, None)) -> tuple[float, float]:
    """`value` -+ a quantile of Student's t times the standard error, which has `freedom` (may be infinite) degrees of freedom itself."""
    reach = _quantile(freedom) * standard_error
    return _cut(value - reach, value + reach, bounds)


def log_student(value: float, log_standard_error: float, freedom: float) -> tuple[float, float]:
    """As `student` for the logarithm of a positive score. The reach is at most e^50, beyond which the interval says nothing."""
    reach = min(_quantile(freedom) * log_standard_error, 50.0)
    return value * math.exp(-reach), value * math.exp(reach)


def _quantile(freedom: float) -> float:
    return Z if math.isinf(freedom) else float(stdtrit(freedom, (1 + LEVEL) / 2))


def _cut(low: float, high: float, bounds: Bounds) -> tuple[float, float]:
    """Both ends brought within `bounds`: rounding can leave a whole interval just outside."""
    least, most = (-math.inf if bounds[0] is None else bounds[0]), (math.inf if bounds[1] is None else bounds[1])
    return min(max(low, least), most), min(max(high, least), most)


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """Return Wilson's score interval of a share of independent samples (Wilson 1927), within [0, 1] and never empty at 0 or 1.

    Args:
        successes: The number of successes. A mean of shares times `trials` need not be whole: the interval is that of the nearest count,
            widened where it would leave the share itself out.
        trials: The number of samples.
    """
    share = successes / trials
    interval = binomtest(round(successes), trials).proportion_ci(LEVEL, method="wilson")
    # Rounding leaves about 1e-17 of the ends that are exactly 0 and 1.
    return max(0.0, min(share, float(interval.low))), min(1.0, max(share, float(interval.high)))


def standard_error(values: Tensor) -> float:
    """Standard error of the mean of independent `values` [N], unbiased variance, in float64."""
    return float(torch.std(values.double()) / math.sqrt(len(values)))
