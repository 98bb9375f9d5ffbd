"""The rank correlation and its interval."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from landscape.analysis.correlation import kendall_correlation, rank_correlation


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


def test_kendalls_interval_by_hand():
    """Of ten models, one pair of 45 is in the reversed order."""
    found = kendall_correlation(range(10), [1, 0, *range(2, 10)], level=0.9)
    assert found.value == pytest.approx(43 / 45)
    half = 1.644854 * math.sqrt(0.437 / 6)
    assert (found.low, found.high) == pytest.approx([math.tanh(math.atanh(43 / 45) + sign * half) for sign in (-1, 1)])


def test_few_models_have_a_correlation_without_an_interval_and_equal_ones_have_none():
    for measure, value in ((rank_correlation, 1 - 6 * 2 / 60), (kendall_correlation, 4 / 6)):
        found = measure(range(4), [1, 0, 2, 3])
        assert (found.value, found.has_interval) == (pytest.approx(value), False)
        assert found.absent == "4 models: an interval needs 10"
        assert measure([1, 2], [2, 1]).value == -1
        assert {measure([1], [2]).absent, measure([], []).absent} == {"fewer than two models have no order"}
        same = measure([1.0] * 12, range(12))
        assert (same.value, same.absent) == (None, "one of the two is the same for all models")
        assert measure(range(10), range(10)).value == 1
