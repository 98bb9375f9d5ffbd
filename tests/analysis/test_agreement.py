"""Ours beside a published value: what the interval of the difference says."""

import numpy as np
import pytest
from scipy import stats

from landscape.analysis.agreement import PublishedMean, agreement, mean_over_seeds

SEEDS = [20.0, 22.0, 21.0, 23.0, 19.0]


def test_mean_over_seeds_is_students():
    found = mean_over_seeds(SEEDS)
    expected = stats.t.interval(0.95, 4, loc=21.0, scale=stats.sem(SEEDS))
    assert (found.value, found.low, found.high) == pytest.approx((21.0, *expected))


@pytest.mark.parametrize(
    ("values", "bounds", "why", "says"),
    [
        ([1.0, 2.0], (0.0, None), "fewer than 3 seeds", "too few seeds for an interval"),
        ([7.0] * 5, (None, None), "same score", "too few seeds for an interval"),
        ([0.1 + 0.2, 0.3, 0.3], (None, None), "same score", "too few seeds for an interval"),
        (SEEDS, (0.0, 25.0), "two bounds", "no interval for a bounded score"),
        ([1.0], (0.0, 25.0), "two bounds", "no interval for a bounded score"),
    ],
)
def test_no_interval_without_shown_coverage(values, bounds, why, says):
    found = mean_over_seeds(values, bounds)
    assert not found.has_interval
    assert why in found.absent
    assert agreement(values, PublishedMean(21.0), margin=100, bounds=bounds).says == says


def test_a_published_standard_error_enters_by_welch():
    theirs = [18.0, 24.0, 20.0, 25.0, 19.0, 23.0]
    published = PublishedMean(float(np.mean(theirs)), float(stats.sem(theirs)), "standard error", len(theirs))
    found = agreement(SEEDS, published, margin=1.0).difference
    welch = stats.ttest_ind(SEEDS, theirs, equal_var=False).confidence_interval()
    assert (found.low, found.high) == pytest.approx((welch.low, welch.high))
    deviation = PublishedMean(published.value, float(np.std(theirs, ddof=1)), "standard deviation", len(theirs))
    assert agreement(SEEDS, deviation, margin=1.0).difference.low == pytest.approx(found.low)


def test_a_single_published_run_varies_as_ours():
    found = agreement(SEEDS, PublishedMean(21.0), margin=1.0).difference
    reach = stats.t.ppf(0.975, 4) * np.std(SEEDS, ddof=1) * np.sqrt(1 / 5 + 1)
    assert (found.low, found.high) == pytest.approx((-reach, reach))


@pytest.mark.parametrize(("published", "margin", "says"), [(21.0, 5.0, "agrees"), (40.0, 5.0, "not reproduced"), (21.0, 1.0, "undecided")])
def test_what_an_interval_says(published, margin, says):
    assert agreement(SEEDS, PublishedMean(published), margin=margin).says == says


def test_coverage_of_the_difference():
    """The interval of the difference holds the true one in 95 of 100 repetitions, where both are normal with one spread."""
    random = np.random.default_rng(0)
    held, repetitions, seeds, runs = 0, 2000, 3, 5
    for _ in range(repetitions):
        ours, theirs = random.normal(10, 2, seeds), random.normal(10, 2, runs)
        found = agreement(ours, PublishedMean(float(theirs.mean()), runs=runs), margin=1.0).difference
        held += found.low <= 0 <= found.high
    assert abs(held / repetitions - 0.95) < 0.02
