"""The interquartile range of trials, with its interval."""

import math

import numpy as np
import pytest
from scipy.stats import binom, bootstrap, norm

from landscape.analysis.dispersion import _resampled, quartile_spread


def test_a_ratio_on_the_log_scale_and_a_difference_otherwise():
    costs = [1, 2, 4, 8, 16, 32, 64, 128]
    assert quartile_spread(costs, log=True).value == 16  # 32 / 2: the second and the sixth of eight
    assert quartile_spread(costs, log=False).value == 30
    rng = np.random.default_rng(0)
    for n in range(25, 60, 7):
        x = rng.exponential(size=n)
        low, high = np.quantile(x, [0.25, 0.75], method="inverted_cdf")
        assert quartile_spread(x, log=True).value == pytest.approx(high / low)
        assert quartile_spread(-x, log=False).value == pytest.approx(np.diff(np.quantile(-x, [0.25, 0.75], method="inverted_cdf"))[0])
        # The unit of the score does not matter.
        scaled, plain = (quartile_spread(costs, log=True) for costs in (1000 * x, x))
        assert [scaled.low, scaled.high] == pytest.approx([plain.low, plain.high])


@pytest.mark.parametrize("n", [25, 60])
def test_the_interval_is_that_of_the_percentile_bootstrap(n):
    x = np.random.default_rng(n).lognormal(size=n)

    def spread(sample, axis):
        low, high = np.quantile(sample, [0.25, 0.75], axis=axis, method="inverted_cdf")
        return np.log(high / low)

    drawn = bootstrap((x,), spread, n_resamples=20000, method="percentile", rng=np.random.default_rng(1)).confidence_interval
    found = quartile_spread(x, log=True)
    # The ends are ratios of observed costs, which lie apart; both draw at random.
    assert [math.log(found.low), math.log(found.high)] == pytest.approx([drawn.low, drawn.high], abs=0.15)


@pytest.mark.parametrize("n", [25, 240])
def test_quartiles_of_bootstrap_samples_have_the_places_that_counting_gives(n):
    """The k-th of n draws is among the first j trials if at least k draws are, whose number is binomial."""
    for places, share in zip(_resampled(n), (0.25, 0.75), strict=True):
        k = math.ceil(n * share)
        for j in range(n):
            assert np.mean(places <= j) == pytest.approx(binom.sf(k - 1, n, (j + 1) / n), abs=0.03)


LOGNORMAL = math.exp(2 * norm.ppf(0.75))
DIVERGED = math.exp(norm.ppf(0.75 / 0.8) - norm.ppf(0.25 / 0.8))


@pytest.mark.parametrize("n", [25, 60, 240])
@pytest.mark.parametrize(
    ("draw", "truth", "log"),
    [
        (lambda rng, n: rng.normal(size=n), 2 * norm.ppf(0.75), False),
        (lambda rng, n: rng.exponential(size=n), math.log(3), False),
        (lambda rng, n: rng.lognormal(size=n), LOGNORMAL, True),
        (lambda rng, n: np.where(rng.random(n) < 0.2, np.inf, rng.lognormal(size=n)), DIVERGED, True),
    ],
    ids=["normal", "exponential", "lognormal", "a fifth diverged"],
)
def test_the_interval_covers_the_true_spread(n, draw, truth, log):
    rng = np.random.default_rng(2)
    found = [quartile_spread(draw(rng, n), log=log) for _ in range(600)]
    assert 0.93 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.995


def test_diverged_trials_and_few_trials():
    many = [1.0] * 10 + [2.0] * 10
    half = quartile_spread([*many, *[math.inf] * 10], log=True)
    assert (half.value, half.high) == (math.inf, math.inf)
    assert half.low >= 1
    assert quartile_spread([1.0, *[math.inf] * 9], log=True).absent == "more than three quarters of the trials diverged"
    # In many resamples both quartiles are of diverged trials.
    most = quartile_spread([*np.arange(1.0, 10.0), *[math.inf] * 21], log=True)
    assert (most.value, most.low, most.high) == (math.inf, math.inf, math.inf)
    few = quartile_spread([1.0, 2.0, 3.0, 4.0], log=True)
    assert (few.value, few.absent) == (3.0, "4 trials: an interval of the spread needs 25")
    assert quartile_spread(np.arange(1.0, 25.0), log=True).has_interval is False
    assert quartile_spread(np.arange(1.0, 26.0), log=True).has_interval is True
    assert quartile_spread([0.0, 1.0, 2.0], log=True).absent == "a score of 0 has no ratio"
    assert quartile_spread([1.0], log=True).absent == "fewer than two trials have no quartiles"
