"""Quantiles and shares: small cases by hand, coverage by simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binomtest, lognorm, norm

from landscape.analysis.interval import Interval
from landscape.analysis.proportions import share
from landscape.analysis.quantiles import interval_ranks, quantile, rank_of, share_name, shown_share

REPETITIONS = 400
# Three standard errors of a simulated coverage: a true 95% stays above this in all but about one run of a thousand.
LEAST = 0.95 - 3 * math.sqrt(0.95 * 0.05 / REPETITIONS)


def coverage(make, truth, interval, seed=0):
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(REPETITIONS):
        found = interval(make(rng))
        hits += found.low <= truth <= found.high
    return hits / REPETITIONS


@pytest.mark.parametrize(("n", "expected"), [(5, None), (6, 0.5), (9, 0.5), (10, 0.5), (20, 0.25), (60, 5 / 60), (100, 0.05), (4000, 0.05)])
def test_share_shown_is_max_of_5_percent_and_5_of_n(n, expected):
    assert shown_share(n) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("n", [10, 11, 13, 35, 36, 47, 60, 71, 99, 100])
def test_up_to_100_trials_the_quantile_is_the_fifth_best(n):
    assert rank_of(n, shown_share(n)) == 5
    assert quantile(np.arange(n)).value == 4


@pytest.mark.parametrize(("share_", "name"), [(0.05, "5% quantile"), (5 / 60, "8.3% quantile"), (5 / 36, "14% quantile"), (0.5, "median")])
def test_a_quantile_has_its_true_name(share_, name):
    assert share_name(share_) == name


def test_interval_of_a_median_of_ten_by_hand():
    # Binomial(10, 1/2): P(2 <= B <= 8) = (1024 - 2 * (1 + 10)) / 1024 = 97.9%; P(2 <= B <= 7) = (1024 - 11 - 56) / 1024 = 93.5%.
    # The interval (x_l, x_u) covers when l <= B <= u - 1.
    assert interval_ranks(10, 0.5) == (2, 9)
    found = quantile(np.arange(1, 11) * 10.0, 0.5)
    assert (found.value, found.low, found.high) == (50.0, 20.0, 90.0)


def test_interval_of_a_median_of_six_is_its_range_and_of_five_there_is_none():
    assert interval_ranks(6, 0.5) == (1, 6)  # 1 - 2 / 64 = 96.9%
    assert interval_ranks(5, 0.5) is None  # 1 - 2 / 32 = 93.8%
    found = quantile([1, 2, 3, 4, 5], 0.5)
    assert (found.value, found.has_interval) == (3.0, False)
    assert "too few" in found.absent
    assert quantile([1, 2, 3, 4, 5]).value is None


@pytest.mark.parametrize(("n", "share_"), list(itertools.product([8, 20, 41], [0.1, 0.3, 0.5])))
def test_ranks_are_the_narrowest_that_cover(n, share_):
    def covered(low, high):
        return sum(math.comb(n, b) * share_**b * (1 - share_) ** (n - b) for b in range(low, high))

    enough = [(h - low, low, h) for low in range(1, n) for h in range(low + 1, n + 1) if covered(low, h) >= 0.95]
    found = interval_ranks(n, share_)
    if not enough:
        assert found is None
    else:
        width = min(enough)[0]
        assert found[1] - found[0] == width
        assert covered(*found) == pytest.approx(max(covered(low, h) for w, low, h in enough if w == width))


@pytest.mark.parametrize("n", [12, 40, 200])
def test_quantile_intervals_cover(n):
    truth = float(lognorm(1.0).ppf(shown_share(n)))
    assert coverage(lambda rng: rng.lognormal(0, 1, n), truth, quantile) >= LEAST


def test_quantile_intervals_cover_for_trials_spread_over_unequal_cells():
    # Six cells of different quality, six trials in each: the quantile of the mixture.
    centers = np.repeat([0.0, 0.3, 0.6, 1.0, 1.5, 3.0], 6)
    grid = np.linspace(-4, 8, 200_001)
    mixture = norm.cdf(grid[:, None] - np.unique(centers)[None, :]).mean(axis=1)
    truth = float(grid[np.searchsorted(mixture, shown_share(36))])
    assert coverage(lambda rng: rng.normal(centers, 1), truth, quantile) >= LEAST


def test_diverged_trials_count_as_worse_than_every_score():
    found = quantile([3.0, 1.0, 2.0, math.inf, math.inf, math.inf, math.inf], 0.5)
    assert found.value == math.inf
    found = quantile([1.0, 2.0, 3.0, 4.0, 5.0, math.inf, math.inf])
    assert (found.value, found.low, found.high) == (4.0, 1.0, math.inf)


def test_nan_is_refused():
    with pytest.raises(AssertionError, match="NaN"):
        quantile([1.0, math.nan])


def test_mirrored_swaps_the_ends():
    found = Interval(1.0, 0.5, 3.0, n=4).mirrored()
    assert (found.value, found.low, found.high) == (-1.0, -3.0, -0.5)
    assert Interval(None, absent="x").mirrored().columns("a")["a"] != 0
    assert Interval(2.0, 1.0, 3.0).columns("q") == {"q": 2.0, "q_low": 1.0, "q_high": 3.0}


@pytest.mark.parametrize(("count", "n"), [(0, 1), (0, 20), (3, 20), (20, 20), (1, 300)])
def test_shares_agree_with_scipy(count, n):
    for method, name in (("clopper_pearson", "exact"), ("wilson", "wilson")):
        found = share(count, n, method=method)
        reference = binomtest(count, n).proportion_ci(0.95, method=name)
        assert (found.value, found.low, found.high) == pytest.approx((count / n, reference.low, reference.high), abs=1e-12)


def test_share_of_nothing_has_no_value():
    assert share(0, 0).value is None


@pytest.mark.parametrize("truth", [0.02, 0.1, 0.5])
def test_clopper_pearson_covers_exactly_computed(truth):
    n = 24
    hits = 0.0
    for count in range(n + 1):
        found = share(count, n)
        hits += (found.low <= truth <= found.high) * math.comb(n, count) * truth**count * (1 - truth) ** (n - count)
    assert hits >= 0.95
