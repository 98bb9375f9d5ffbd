"""Expected best of k: the exact formula, and where its interval covers."""

import itertools
import math

import numpy as np
import pytest

from landscape.analysis.best import budget_curve, expected_best, weights

REPETITIONS = 400
LEAST = 0.95 - 3 * math.sqrt(0.95 * 0.05 / REPETITIONS)


@pytest.mark.parametrize("k", [1, 2, 3, 5, 6])
def test_expected_best_is_the_mean_over_all_subsets(k):
    values = [4.0, 1.5, 9.0, 2.0, 7.0, 1.5]
    by_hand = np.mean([min(subset) for subset in itertools.combinations(values, k)])
    assert expected_best(values, k) == pytest.approx(by_hand)


def test_weights_are_binomial_ratios():
    n, k = 12, 4
    assert weights(n, k) == pytest.approx([math.comb(n - i, k - 1) / math.comb(n, k) for i in range(1, n + 1)])
    assert weights(100_000, 7).sum() == pytest.approx(1)


def test_expected_best_of_all_is_the_best_and_infinities_need_not_matter():
    assert expected_best([3.0, math.inf, 2.0], 3) == 2.0
    assert expected_best([3.0, math.inf, 2.0], 2) == pytest.approx((2 + 2 + 3) / 3)
    assert expected_best([3.0, math.inf], 1) == math.inf


def test_expected_best_is_unbiased():
    rng = np.random.default_rng(0)
    found = [expected_best(rng.exponential(1, 20), 5) for _ in range(4000)]
    # The smallest of 5 unit exponentials has mean 1/5.
    assert np.mean(found) == pytest.approx(0.2, abs=4 * np.std(found) / math.sqrt(len(found)))


def test_curve_ends_at_half_and_says_why_an_interval_is_missing():
    found = budget_curve(np.arange(1, 31.0), [1, 2, 6, 7, 15, 16, 30], random_state=0, lower_bound=0.0)
    assert len(found) == 4 + 1  # 16 and 30 exceed n / 2
    assert [f.has_interval for f in found] == [False, True, True, False, False]
    assert "2 <= k <= n/5" in found[0].absent
    assert not any(f.has_interval for f in budget_curve(np.arange(1, 31.0), [2, 3], random_state=0))
    assert not any(f.has_interval for f in budget_curve(np.arange(1, 9.0), [2], random_state=0, lower_bound=0.0))
    assert budget_curve([], [1], random_state=0) == []


def test_curve_follows_its_random_state_and_falls():
    values = np.random.default_rng(3).lognormal(1, 1, 60)
    ks = [1, 2, 4, 8, 12, 30]
    first = budget_curve(values, ks, random_state=5)
    assert first == budget_curve(values, ks, random_state=5)
    assert first != budget_curve(values, ks, random_state=6)
    assert len(first) > 1
    assert all(a.value > b.value for a, b in itertools.pairwise(first))
    assert any(f.has_interval for f in first)
    assert all(f.low <= f.value <= f.high for f in first if f.has_interval)


@pytest.mark.parametrize("k", [0, -1, 4])
def test_the_best_of_more_than_all_is_refused(k):
    with pytest.raises(ValueError, match=f"best of {k} cannot be estimated from 3 trials"):
        expected_best([1.0, 2.0, 3.0], k)


def test_a_curve_of_infinite_scores_is_refused():
    with pytest.raises(ValueError, match="1 of 20 scores are infinite"):
        budget_curve([*range(19), math.inf], [2], random_state=0, lower_bound=-1.0)
    with pytest.raises(ValueError, match="a score of 18 is worse than 17"):
        budget_curve(range(19), [2], random_state=0, worst=17.0)


def test_a_large_study_needs_little_memory():
    found = budget_curve(np.random.default_rng(0).lognormal(0, 1, 30_000), [10], random_state=0)
    assert found[0].low < found[0].value < found[0].high


def lognormal(rng, n):
    return rng.lognormal(1, 1, n)


def heavy(rng, n):
    return rng.lognormal(1, 2, n)


def with_collapse(rng, n):
    """Three trials in ten collapse."""
    return np.where(rng.random(n) < 0.3, rng.lognormal(5, 0.5, n), rng.lognormal(1, 0.5, n))


def rarely_good(rng, n):
    """One trial in ten is good."""
    return np.where(rng.random(n) < 0.1, rng.lognormal(1, 0.1, n), rng.lognormal(4, 0.3, n))


@pytest.mark.parametrize("make", [lognormal, heavy, with_collapse, rarely_good])
@pytest.mark.parametrize(("n", "k"), [(10, 2), (18, 3), (24, 4), (40, 2), (40, 8), (80, 16), (120, 12)])
def test_intervals_cover_where_they_are_given(make, n, k):
    rng = np.random.default_rng(11)
    truth = make(rng, (100_000, k)).min(axis=1).mean() if k <= 8 else make(rng, (40_000, k)).min(axis=1).mean()
    hits = 0
    for seed in range(REPETITIONS):
        (found,) = budget_curve(make(rng, n), [k], random_state=seed, lower_bound=0.0, draws=200)
        hits += found.low <= truth <= found.high
    assert hits / REPETITIONS >= LEAST


def missed_with_divergence(n, k, repetitions, diverged=0.1, worst=1000.0):
    """How often the interval misses where a share of the trials diverges and counts as far worse than the others."""
    rng = np.random.default_rng(12)
    truth = np.where(rng.random((200_000, k)) < diverged, worst, rng.lognormal(1, 1, (200_000, k))).min(axis=1).mean()
    missed = 0
    for seed in range(repetitions):
        costs = np.where(rng.random(n) < diverged, worst, rng.lognormal(1, 1, n))
        (found,) = budget_curve(costs, [k], random_state=seed, lower_bound=0.0, worst=worst, draws=200)
        missed += not found.low <= truth <= found.high
    return missed


@pytest.mark.parametrize(("n", "k"), [(10, 2), (20, 2), (20, 4), (40, 2)])
def test_intervals_cover_where_trials_diverge(n, k):
    assert 1 - missed_with_divergence(n, k, REPETITIONS) / REPETITIONS >= LEAST


@pytest.mark.slow
@pytest.mark.parametrize("diverged", [0.02, 0.1, 0.3])
@pytest.mark.parametrize(("n", "k"), [(10, 2), (20, 2), (20, 4), (60, 2), (60, 6)])
def test_intervals_cover_where_trials_diverge_in_many_repetitions(n, k, diverged):
    repetitions = 3000
    missed = missed_with_divergence(n, k, repetitions, diverged)
    assert 1 - missed / repetitions >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / repetitions)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k"), [(40, 8), (60, 12)])
def test_intervals_cover_scores_without_a_lower_bound(n, k):
    rng, repetitions = np.random.default_rng(13), 2000
    truth = rng.normal(size=(400_000, k)).min(axis=1).mean()
    found = [budget_curve(rng.normal(size=n), [k], random_state=seed, draws=400)[0] for seed in range(repetitions)]
    held = sum(one.low <= truth <= one.high for one in found)
    assert held / repetitions >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / repetitions)


def test_why_the_best_of_all_gets_no_interval():
    """The naive bootstrap of the best of n covers about half: what the report must never print."""
    rng = np.random.default_rng(0)
    n, hits = 60, 0
    truth = rng.lognormal(1, 1, (100_000, n)).min(axis=1).mean()
    for _ in range(REPETITIONS):
        sample = rng.lognormal(1, 1, n)
        low, high = np.quantile(rng.choice(sample, (300, n)).min(axis=1), [0.025, 0.975])
        hits += low <= truth <= high
    assert hits / REPETITIONS < 0.75
