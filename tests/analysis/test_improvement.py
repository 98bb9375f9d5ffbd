"""Probability of improvement: small cases by hand, against scipy, and the coverage of its interval by simulation."""

import math

import numpy as np
import pytest
from scipy.stats import brunnermunzel, norm, t

from landscape.analysis.improvement import probability_of_improvement

REPETITIONS = 400
# Three standard errors of a simulated coverage: a true 95% stays above this in all but about one run of a thousand.
LEAST = 0.95 - 3 * math.sqrt(0.95 * 0.05 / REPETITIONS)


def test_by_hand():
    # Pairs (ours, theirs) of [1, 3] x [2, 3]: 1<2, 1<3 win; 3>2 loses; 3=3 is half: 2.5 / 4.
    assert probability_of_improvement([1, 3], [2, 3]).value == 0.625
    assert probability_of_improvement([math.inf], [math.inf]).value == 0.5
    assert probability_of_improvement([1.0], [math.inf]).value == 1.0
    assert not probability_of_improvement([1, 2], [3, 4, 5]).has_interval
    assert probability_of_improvement([], [1]).value is None
    tied = probability_of_improvement([math.inf] * 4, [math.inf] * 5)
    assert (tied.value, tied.has_interval, tied.absent) == (0.5, False, "all trials of both sides tie")


def test_is_antisymmetric():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 12), rng.normal(0.5, 1, 9)
    ours, theirs = probability_of_improvement(a, b), probability_of_improvement(b, a)
    assert ours.value + theirs.value == pytest.approx(1)
    assert (ours.low + theirs.high, ours.high + theirs.low) == pytest.approx((1, 1))


def test_of_two_sides_that_do_not_overlap_the_bound_is_exact():
    # With probability p of winning a pair, the three disjoint pairs are all won with probability p^3, 2.5% at p = 0.2924.
    found = probability_of_improvement([1, 2, 3], [5, 6, 7, 8])
    assert (found.value, found.low, found.high) == pytest.approx((1, 0.025 ** (1 / 3), 1))
    lost = probability_of_improvement([5, 6, 7, 8], [1, 2, 3])
    assert (lost.value, lost.low, lost.high) == pytest.approx((0, 0, 1 - 0.025 ** (1 / 3)))


@pytest.mark.parametrize("step", [0.0, 0.5])
def test_variance_and_degrees_of_freedom_are_those_of_brunner_and_munzel(step):
    """Scipy's statistic is (p - 1/2) / s.e. up to its sign, and its p-value gives the degrees of freedom; the interval follows by hand."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(0, 1, 15), rng.normal(0.7, 3, 10)
    if step:
        a, b = np.round(a / step) * step, np.round(b / step) * step
    found = probability_of_improvement(a, b)
    statistic, p_value = brunnermunzel(a, b)
    error = abs((found.value - 0.5) / statistic)
    grid = np.linspace(5, 30, 25_001)
    freedom = float(grid[np.argmin(np.abs(2 * t.sf(abs(statistic), grid) - p_value))])
    center, reach = math.log(found.value / (1 - found.value)), t.ppf(0.975, freedom) * error / (found.value * (1 - found.value))
    by_hand = [1 / (1 + math.exp(-x)) for x in (center - reach, center + reach)]
    # What is joined to it, for sides that nearly always win, changes little here, and only ever widens.
    assert by_hand[0] - 0.005 < found.low <= by_hand[0] * (1 + 1e-4)
    assert by_hand[1] * (1 - 1e-4) <= found.high < by_hand[1] + 0.005
    assert (found.low == pytest.approx(by_hand[0], rel=1e-4)) or (found.high == pytest.approx(by_hand[1], rel=1e-4))


def dispersed(rng, n, m):
    """Four times the spread."""
    return rng.normal(0, 4, n), rng.normal(0, 1, m)


def half_diverged(rng, n, m):
    """Half the trials of one side diverged, and the others are better."""
    return np.where(rng.random(n) < 0.5, np.inf, rng.normal(-2, 1, n)), rng.normal(0, 1, m)


def both_diverge(rng, n, m):
    """One trial in ten of either side diverged: they tie."""
    return np.where(rng.random(n) < 0.1, np.inf, rng.normal(-1, 1, n)), np.where(rng.random(m) < 0.1, np.inf, rng.normal(0, 1, m))


def tied(rng, n, m):
    """Scores of few values."""
    return np.round(rng.normal(0, 1, n)), np.round(rng.normal(0.5, 1, m))


def apart(rng, n, m):
    """One side nearly always wins."""
    return rng.normal(0, 1, n), rng.normal(3, 1, m)


def equal(rng, n, m):
    """No difference."""
    return rng.normal(0, 1, n), rng.normal(0, 1, m)


KINDS = [dispersed, half_diverged, both_diverge, tied, apart, equal]


def misses(make, n, m, repetitions):
    """How often the interval misses, of `repetitions`."""
    rng = np.random.default_rng(7)
    a, b = make(rng, 400_000, 400_000)
    truth = float(np.mean(a < b) + np.mean(a == b) / 2)
    intervals = (probability_of_improvement(*make(rng, n, m)) for _ in range(repetitions))
    return sum(not found.low <= truth <= found.high for found in intervals if found.has_interval)


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize(("n", "m"), [(3, 3), (20, 60), (36, 108)])
def test_interval_covers(make, n, m):
    assert 1 - misses(make, n, m, REPETITIONS) / REPETITIONS >= LEAST


@pytest.mark.slow
@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize(("n", "m"), [(3, 3), (3, 9), (5, 15), (15, 5), (12, 12), (20, 60), (60, 20), (36, 108)])
def test_interval_covers_in_many_repetitions(make, n, m):
    repetitions = 4000
    assert 1 - misses(make, n, m, repetitions) / repetitions >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / repetitions)


def test_true_probability_of_two_normals():
    """The truth that the simulations hold the interval against, where it is known in closed form."""
    rng = np.random.default_rng(0)
    a, b = apart(rng, 400_000, 400_000)
    assert np.mean(a < b) == pytest.approx(float(norm.cdf(3 / math.sqrt(2))), abs=2e-3)
