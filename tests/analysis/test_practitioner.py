"""Simulated practitioners: against all subsets of a few trials, and against the closed form where there are many."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest

from landscape.analysis.best import expected_best
from landscape.analysis.practitioner import expected_choice, simulated_practitioners


def over_all_subsets(selection, reporting, k):
    """The mean over subsets, where ties of the selection are broken by each order of the trials alike."""
    found = []
    for subset in itertools.combinations(range(len(selection)), k):
        least = min(selection[i] for i in subset)
        found.append(np.mean([reporting[i] for i in subset if selection[i] == least]))
    return np.mean(found)


@pytest.mark.parametrize("k", [1, 2, 4, 6])
def test_the_exact_choice_is_the_mean_over_all_subsets(k):
    selection, reporting = [3.0, 1.0, 2.0, 5.0, 4.0, math.inf], [2.5, 1.8, 2.2, 4.0, 1.5, 9.0]
    assert expected_choice(selection, reporting, k) == pytest.approx(over_all_subsets(selection, reporting, k))


def test_tied_trials_count_alike():
    selection, reporting = [1.0, 1.0, 2.0, 2.0], [4.0, 6.0, 1.0, 3.0]
    for k in (1, 2, 4):
        assert expected_choice(selection, reporting, k) == pytest.approx(over_all_subsets(selection, reporting, k))
        (found,) = simulated_practitioners(selection, reporting, [k], random_state=0, practitioners=20_000)
        assert abs(found.mean - expected_choice(selection, reporting, k)) <= 4 * found.error


def test_who_chooses_by_the_reported_scores_gets_the_expected_best():
    scores = np.random.default_rng(1).lognormal(1, 1, 60)
    ks = [1, 2, 5, 12, 30]
    found = simulated_practitioners(scores, scores, ks, random_state=2, practitioners=5000)
    assert [one.trials for one in found] == ks
    for one in found:
        assert expected_choice(scores, scores, one.trials) == pytest.approx(expected_best(scores, one.trials))
        assert abs(one.mean - expected_best(scores, one.trials)) <= 4 * one.error


def test_who_chooses_by_other_samples_gets_less_than_the_expected_best():
    rng = np.random.default_rng(3)
    quality = rng.normal(0, 1, 80)
    selection, reporting = np.exp(quality + rng.normal(0, 0.5, 80)), np.exp(quality + rng.normal(0, 0.5, 80))
    for one in simulated_practitioners(selection, reporting, [1, 4, 16, 40], random_state=4, practitioners=5000):
        assert abs(one.mean - expected_choice(selection, reporting, one.trials)) <= 4 * one.error
        if one.trials > 1:
            assert one.mean > expected_best(reporting, one.trials) + 4 * one.error


def test_the_range_holds_95_of_100_practitioners():
    scores = np.random.default_rng(5).permutation(1000.0 + np.arange(400))
    (one,) = simulated_practitioners(scores, scores, [1], random_state=6, practitioners=4000)
    # A single trial is drawn uniformly from 400 scores.
    assert (one.low, one.high) == pytest.approx((1010, 1390), abs=6)
    assert one.error == pytest.approx(400 / math.sqrt(12) / math.sqrt(4000), rel=0.05)
    (every,) = simulated_practitioners(scores, scores, [400], random_state=6)
    assert every.low == every.mean == every.high == 1000
    assert every.error == 0


def test_the_draws_follow_the_random_state():
    scores = np.arange(30.0)
    of = [simulated_practitioners(scores, scores, [3], random_state=seed) for seed in (0, 0, 1)]
    assert of[0] == of[1] != of[2]


def test_what_cannot_be_simulated_is_left_out_or_refused():
    assert simulated_practitioners([], [], [1, 2], random_state=0) == []
    assert [one.trials for one in simulated_practitioners([1.0, 2.0], [1.0, 2.0], [0, 1, 2, 3], random_state=0)] == [1, 2]
    with pytest.raises(ValueError, match="2 selection scores and 1 reported ones"):
        simulated_practitioners([1.0, 2.0], [1.0], [1], random_state=0)
    with pytest.raises(ValueError, match="1 of 2 scores are not finite"):
        simulated_practitioners([1.0, 2.0], [1.0, math.inf], [1], random_state=0)
    with pytest.raises(ValueError, match="choice among 3 cannot be estimated from 2 trials"):
        expected_choice([1.0, 2.0], [1.0, 2.0], 3)


def test_a_large_study_needs_little_memory():
    scores = np.random.default_rng(0).lognormal(0, 1, 30_000)
    tracemalloc.start()
    (found,) = simulated_practitioners(scores, scores, [10], random_state=0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100 * 2**20  # All draws at once take 231 MB.
    assert abs(found.mean - expected_best(scores, 10)) <= 4 * found.error
