"""The process with offsets against scikit-learn, scipy's normal distribution, brute force, and draws of a known process."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from landscape.analysis.gaussian_process import LONGEST, SHORTEST, _deviance, fitted, kernel, scale_interval


def drawn(n, cells, scales, *, noise=0.5, amplitude=1.0, seed=0):
    """Return places, values and indicators of a draw of the process itself."""
    rng = np.random.default_rng(seed)
    x, offsets = rng.random((n, len(scales))), np.eye(cells)[np.arange(n) % cells]
    f = np.linalg.cholesky(kernel(x, x, np.array(scales)) + 1e-9 * np.eye(n)) @ rng.normal(size=n)
    return x, amplitude * f + offsets @ rng.normal(size=cells) + noise * rng.normal(size=n), offsets


@pytest.fixture(scope="module")
def fit():
    return fitted(*drawn(40, 4, (0.4, 1.0)))


def test_the_deviance_is_that_of_the_normal_distribution_of_contrasts(fit):
    """Up to one constant for all parameters, with the noise at its best value for each of them. The gradient is that of differences."""
    z = fit.contrasts.T @ fit.y
    found = []
    for theta in (fit.theta, fit.theta + np.array([0.3, -0.5, 0.7])):
        value, gradient = _deviance(theta, fit.x, fit.contrasts, z)
        cov = fit.contrasts.T @ (math.exp(theta[-1]) * kernel(fit.x, fit.x, np.exp(theta[:-1])) + np.eye(40)) @ fit.contrasts
        noise = z @ np.linalg.solve(cov, z) / len(z)
        found.append(value + 2 * multivariate_normal(cov=noise * cov).logpdf(z))
        steps = [_deviance(theta + s * e, fit.x, fit.contrasts, z)[0] for e in np.eye(3) for s in (1e-5, -1e-5)]
        assert gradient == pytest.approx((np.array(steps[::2]) - steps[1::2]) / 2e-5, rel=1e-4, abs=1e-5)
    assert found[0] == pytest.approx(found[1])


def test_predictions_are_those_of_scikit_learn_where_one_constant_is_the_offset():
    """A constant kernel with a very large variance is an unknown constant."""
    x, y, offsets = drawn(30, 1, (0.4, 1.0))
    fit = fitted(x, y, offsets)
    vast = ConstantKernel(1e6, "fixed") + ConstantKernel(fit.ratio * fit.noise, "fixed") * Matern(fit.scales, "fixed", nu=2.5)
    oracle = GaussianProcessRegressor(vast + WhiteKernel(fit.noise, "fixed"), optimizer=None).fit(x, y)
    places = np.random.default_rng(1).random((7, 2))
    mean, spread = fit.predict(places, np.ones((7, 1)))
    expected, deviation = oracle.predict(places, return_std=True)
    assert mean == pytest.approx(expected, abs=1e-3)
    assert np.diag(spread) + fit.noise == pytest.approx(deviation**2, rel=1e-3)


def test_what_offsets_hold_says_nothing_of_the_surface(fit):
    moved = fitted(fit.x, fit.y + fit.offsets @ [100.0, -50.0, 3.0, 7.0], fit.offsets)
    assert moved.scales == pytest.approx(fit.scales, rel=1e-2)
    assert moved.noise == pytest.approx(fit.noise, rel=1e-2)


def test_ends_of_an_interval_lie_where_the_best_other_parameters_are_just_not_refused():
    fit = fitted(*drawn(80, 4, (0.4,), noise=0.1, seed=1))
    found, z = scale_interval(fit, 0), fit.contrasts.T @ fit.y
    assert SHORTEST < found.low < found.value < found.high < LONGEST
    for end in (found.low, found.high):
        rest = minimize(
            lambda free, end=end: _deviance(np.array([math.log(end), *free]), fit.x, fit.contrasts, z)[0],
            fit.theta[1:],
            method="Nelder-Mead",
        )
        assert rest.fun - fit.deviance == pytest.approx(3.84, abs=0.3)


def test_a_column_that_does_nothing_has_no_upper_end():
    x, y, offsets = drawn(80, 3, (0.3,), noise=0.1, seed=1)
    fit = fitted(np.column_stack([x, np.random.default_rng(3).random(80)]), y, offsets)
    working, idle = (scale_interval(fit, column) for column in (0, 1))
    assert working.high < 1
    assert idle.high == LONGEST
    assert idle.low > working.high


@pytest.mark.slow
@pytest.mark.parametrize(("n", "cells", "scales"), [(54, 9, (0.3, 1.0)), (26, 6, (0.5,)), (54, 9, (0.5, 4.0))])
def test_intervals_of_length_scales_cover(n, cells, scales):
    """By 91% to 98% in 150 draws of each: see docs/report.md."""
    held = np.zeros(len(scales))
    for seed in range(150):
        fit = fitted(*drawn(n, cells, scales, seed=seed))
        for column, scale in enumerate(scales):
            found = scale_interval(fit, column)
            held[column] += found.low <= scale <= found.high
    assert (held / 150 >= 0.87).all()
