"""The rank correlation and its interval."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from landscape.analysis.correlation import rank_correlation


def test_the_interval_is_bonett_and_wrights_by_hand():
    rng = np.random.default_rng(0)
    x = rng.normal(size=40)
    y = x + rng.normal(size=40)
    found = rank_correlation(x, np.exp(y))
    rho = spearmanr(x, y).statistic
    half = 1.959964 * math.sqrt((1 + rho**2 / 2) / 37)
    assert found.value == pytest.approx(rho)
    assert (found.low, found.high) == (pytest.approx(math.tanh(math.atanh(rho) - half)), pytest.approx(math.tanh(math.atanh(rho) + half)))
    assert found.n == 40


def test_it_holds_the_true_correlation_as_often_as_it_says():
    """A normal pair of correlation r has Spearman's correlation 6 / pi asin(r / 2)."""
    rng = np.random.default_rng(1)
    true = 6 / math.pi * math.asin(0.8 / 2)
    draws = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=(400, 30))
    found = [rank_correlation(*pairs.T) for pairs in draws]
    assert np.mean([one.low <= true <= one.high for one in found]) >= 0.92


def test_few_models_and_equal_ones_have_no_correlation():
    assert rank_correlation(range(9), range(9)).absent == "9 models: an interval needs 10"
    assert rank_correlation([1.0] * 12, range(12)).absent == "one of the two is the same for all models"
    assert rank_correlation(range(10), range(10)).value == pytest.approx(1)
