"""A Gaussian process with offsets of groups, fitted by restricted maximum likelihood (REML).

y = X b + f(x) + e, where X b are the offsets, f has a Matern 5/2 kernel with a length scale for each column of x, and e is noise. The
offsets are removed by contrasts Z with Z'X = 0, whose likelihood is the restricted one (Patterson and Thompson 1971; Rasmussen and Williams
2006, section 2.7). The kernel is that of scikit-learn, whose regressor has no offsets. The variance of the noise is profiled out, so that
the free parameters are the logarithms of the length scales and of the ratio of the variances of f and e.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, null_space
from scipy.optimize import minimize
from scipy.stats import chi2

from landscape.analysis.interval import Interval, Values

Matrix = NDArray[np.float64]
SHORTEST, LONGEST = 0.1, 20.0
"""The range of length scales that are fitted, in units of the range of a hyperparameter.

Ten trials a dimension lie a tenth of it apart on a line, so that no shorter scale is told from noise. At the upper end f is flat or a
straight line.
"""
RATIOS = (1e-3, 1e5)
"""The range of the ratio of the variances of f and of the noise."""
STARTS = ((0.5, 1.0), (1.5, 10.0), (0.2, 3.0), (5.0, 100.0))
"""The length scale and the ratio at which the fit starts."""
PROFILE_POINTS = 14


@dataclass(frozen=True)
class Fit:
    """A fitted process."""

    x: Matrix
    """The places [n, d]."""
    y: Values
    offsets: Matrix
    """The indicators X of the offsets [n, p]."""
    theta: Values
    """The logarithms of the d length scales and of the ratio."""
    contrasts: Matrix = field(repr=False)
    deviance: float = 0.0
    """-2 times the restricted log-likelihood, up to a constant."""

    @property
    def scales(self) -> Values:
        return np.exp(self.theta[:-1])

    @property
    def ratio(self) -> float:
        return float(np.exp(self.theta[-1]))

    @property
    def freedom(self) -> int:
        """The number of contrasts, which is that of trials without offsets."""
        return int(self.contrasts.shape[1])

    @cached_property
    def precision(self) -> Matrix:
        """Return P = Z (Z'KZ)^-1 Z' [n, n] in units of the noise, with which every prediction is made."""
        inner = self.contrasts.T @ (self.ratio * kernel(self.x, self.x, self.scales)) @ self.contrasts + np.eye(self.freedom)
        found: Matrix = self.contrasts @ np.linalg.solve(inner, self.contrasts.T)
        return found

    @cached_property
    def noise(self) -> float:
        """The variance of the noise."""
        return float(self.y @ self.precision @ self.y) / self.freedom

    def surface(self, x: Matrix) -> Values:
        """Return the mean of f [k] at `x`, without any offset."""
        found: Values = self.ratio * kernel(x, self.x, self.scales) @ (self.precision @ self.y)
        return found

    def predict(self, x: Matrix, offsets: Matrix) -> tuple[Values, Matrix]:
        """Return the mean [k] and the covariance [k, k] of X b + f at `x`, that of the offsets included."""
        own = self.ratio * kernel(self.x, self.x, self.scales) + np.eye(len(self.y))
        between = self.ratio * kernel(x, self.x, self.scales)
        solved = np.linalg.solve(own, np.column_stack([self.y, self.offsets, between.T]))
        p = self.offsets.shape[1]
        inverse = np.linalg.pinv(self.offsets.T @ solved[:, 1 : 1 + p])
        level = inverse @ (self.offsets.T @ solved[:, 0])
        mean: Values = offsets @ level + between @ (solved[:, 0] - solved[:, 1 : 1 + p] @ level)
        rest = offsets - between @ solved[:, 1 : 1 + p]
        spread = self.ratio * kernel(x, x, self.scales) - between @ solved[:, 1 + p :] + rest @ inverse @ rest.T
        return mean, self.noise * spread


def kernel(a: Matrix, b: Matrix, scales: Values) -> Matrix:
    """Return the Matern 5/2 correlations of the rows of `a` [n, d] and of `b` [m, d]."""
    from sklearn.gaussian_process.kernels import Matern

    found: Matrix = Matern(length_scale=scales, nu=2.5)(a, b)
    return found


def fitted(x: Matrix, y: Values, offsets: Matrix, *, starts: Sequence[tuple[float, float]] = STARTS) -> Fit:
    """Fit the process from several places.

    Args:
        x: The places [n, d], in [0, 1].
        y: The values [n].
        offsets: The indicators [n, p], of which no row may be the only one of its group.
        starts: The length scale and the ratio of each place.
    """
    contrasts = null_space(offsets.T)
    found = [_optimum(x, contrasts, contrasts.T @ y, np.log([length] * x.shape[1] + [ratio])) for length, ratio in starts]
    theta, deviance = min(found, key=lambda one: one[1])
    return Fit(x, y, offsets, theta, contrasts, deviance)


def scale_interval(fit: Fit, column: int, *, level: float = 0.95) -> Interval:
    """Return a length scale with its profile likelihood interval.

    The interval has the length scales whose deviance, minimized over all other parameters, is at most the 95% quantile of chi-squared with
    one degree of freedom above the least (Venzon and Moolgavkar 1988). An interval that reaches beyond the range that is fitted has the end
    of this range, `SHORTEST` or `LONGEST`.
    """
    allowed = fit.deviance + float(chi2.ppf(level, 1))
    low, high = (_end(fit, column, allowed, limit) for limit in (SHORTEST, LONGEST))
    return Interval(float(fit.scales[column]), low, high, level=level, kind="profile likelihood", n=fit.freedom)


def _end(fit: Fit, column: int, allowed: float, limit: float) -> float:
    """Return where the profile deviance crosses `allowed` on the way to `limit`, or `limit` if it does not."""
    z, theta, last = fit.contrasts.T @ fit.y, fit.theta, (fit.theta[column], fit.deviance)
    for place in np.linspace(fit.theta[column], math.log(limit), PROFILE_POINTS)[1:]:
        start = theta.copy()
        start[column] = place
        theta, deviance = _optimum(fit.x, fit.contrasts, z, start, fixed=column)
        if deviance > allowed:
            share = (allowed - last[1]) / (deviance - last[1])
            return math.exp(last[0] + share * (place - last[0]))
        last = (place, deviance)
    return limit


def _optimum(x: Matrix, contrasts: Matrix, z: Values, start: Values, fixed: int | None = None) -> tuple[Values, float]:
    """Return the parameters with the least deviance and this deviance. The parameter number `fixed` stays as it is."""
    bounds = [(math.log(SHORTEST), math.log(LONGEST))] * x.shape[1] + [(math.log(RATIOS[0]), math.log(RATIOS[1]))]
    if fixed is not None:
        bounds[fixed] = (start[fixed], start[fixed])
    found = minimize(_deviance, start, args=(x, contrasts, z), jac=True, method="L-BFGS-B", bounds=bounds)
    return found.x, float(found.fun)


def _deviance(theta: Values, x: Matrix, contrasts: Matrix, z: Values) -> tuple[float, Values]:
    """Return -2 times the restricted log-likelihood and its gradient."""
    from sklearn.gaussian_process.kernels import Matern

    m, ratio = len(z), math.exp(theta[-1])
    correlations, slopes = Matern(length_scale=np.exp(theta[:-1]), nu=2.5)(x, eval_gradient=True)
    moved = [ratio * contrasts.T @ part @ contrasts for part in (*np.moveaxis(slopes, 2, 0), correlations)]
    factor = cho_factor(moved[-1] + np.eye(m), lower=True)
    solved = cho_solve(factor, z)
    square = float(z @ solved)
    inverse = cho_solve(factor, np.eye(m))
    value = 2 * float(np.log(np.diag(factor[0])).sum()) + m * math.log(square)
    return value, np.array([float((inverse * part).sum() - m * (solved @ part @ solved) / square) for part in moved])
