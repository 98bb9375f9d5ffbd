"""When last weights count as worse than the best ones: each threshold from both sides, and which scores are compared."""

from dataclasses import replace

import pytest
import torch

from landscape.results.record import HEALTHY, Estimate, Scores
from landscape.trial.degradation import LOST, RATIO, RATIO_WITHOUT_INTERVAL, compare
from landscape.trial.diagnosis import diagnose

SELECTION = ((10.0, 9.0), (20.0, 5.0), (30.0, 8.0))
DATA = torch.rand(64, 3, generator=torch.Generator().manual_seed(0))


def scores(checkpoint: str, name: str, estimate: Estimate, score: str = "FD[pixels]") -> Scores:
    return Scores({"name": name, "objective": score}, {score: estimate, "other": Estimate(0.0, "lower")}, checkpoint=checkpoint)


def is_degraded(last: Estimate, best: Estimate, score: str = "FD[pixels]", selection=SELECTION) -> bool:
    compared = compare(selection, [scores("last", "p", last, score), scores("best_on_selection", "p/best_on_selection", best, score)])
    assert compared is not None
    curves = {"selection_objective": selection}
    both = [scores("last", "p", last, score), scores("best_on_selection", "p/best_on_selection", best, score)]
    assert ("degraded_after_best" in diagnose(curves, DATA, both)) == compared.is_degraded
    return compared.is_degraded


def distance(value: float, half: float | None = None) -> Estimate:
    return Estimate(value, "lower", None if half is None else (value - half, value + half), scale="log")


def test_thresholds_are_those_that_are_documented():
    assert (RATIO, RATIO_WITHOUT_INTERVAL, LOST) == (1.5, 2.0, 0.5)


@pytest.mark.parametrize(("last", "half", "found"), [(7.6, 0.1, True), (7.4, 0.1, False), (5.0, 0.1, False), (2.0, 0.1, False)])
def test_a_distance_must_be_so_many_times_the_best_one(last, half, found):
    assert is_degraded(distance(last, half), distance(5.0, half)) is found


@pytest.mark.parametrize(("half", "found"), [(4.9, True), (5.1, False)])
def test_intervals_must_not_touch(half, found):
    """Of 20 and 10, intervals of 4.9 to both sides end at 15.1 and 14.9."""
    assert is_degraded(distance(20.0, half), distance(10.0, half)) is found
    higher = [replace(Estimate(v, "higher", (v - half, v + half))) for v in (10.0, 20.0)]
    assert is_degraded(*higher, score="IS", selection=((10.0, 15.0), (20.0, 20.0), (30.0, 10.0))) is found


@pytest.mark.parametrize(("last", "found"), [(10.1, True), (9.9, False)])
def test_a_distance_without_an_interval_needs_a_larger_ratio(last, found):
    assert is_degraded(distance(last), distance(5.0)) is found
    assert is_degraded(distance(last, 0.1), distance(5.0)) is found  # One interval is as good as none.


@pytest.mark.parametrize(("last", "found"), [(0.24, True), (0.26, False), (0.5, False)])
def test_half_of_what_was_gained_must_be_lost_of_a_score_off_a_log_scale(last, found):
    """From 0.1 to 0.4 the training gained 0.3, so that half of it is lost below 0.25."""
    selection = ((10.0, 0.1), (20.0, 0.4), (30.0, 0.2))
    estimates = [Estimate(value, "higher", (value - 0.01, value + 0.01)) for value in (last, 0.4)]
    assert is_degraded(*estimates, score="recall[classifier]", selection=selection) is found
    mirrored = [Estimate(-value, "lower", (-value - 0.01, -value + 0.01)) for value in (last, 0.4)]
    assert is_degraded(*mirrored, score="KID[pixels]", selection=tuple((at, -value) for at, value in selection)) is found
    assert not is_degraded(*(replace(e, interval=None) for e in estimates), score="recall[classifier]", selection=selection)


def test_figures_say_what_was_compared():
    compared = compare(SELECTION, [scores("last", "p/last", distance(8.0, 1.0)), scores("best_on_test", "p", distance(5.0))])
    assert compared is not None
    expected = {"score": "FD[pixels]", "last": 8.0, "best": 5.0, "last_interval": [7.0, 9.0], "gained": 4.0, "best_at": 20.0}
    assert compared.figures == expected


def test_nothing_is_compared_where_a_score_is_missing():
    last, best = scores("last", "p", distance(9.0)), scores("best_on_selection", "p/best_on_selection", distance(1.0))
    others = [scores("last", "q", distance(9.0)), scores("last", "p/selection", distance(9.0)), replace(last, estimates={})]
    for given in ([], [last], [best], *([best, other] for other in others)):
        assert compare(SELECTION, given) is None
    assert compare(SELECTION[:1], [last, best]) is None
    assert compare((), [last, best]) is None
    assert compare(SELECTION, [last, best]) is not None


def test_a_trial_whose_last_weights_are_its_best_is_healthy_with_both_scores():
    both = [scores("last", "p", distance(5.0, 1.0)), scores("best_on_selection", "p/best_on_selection", distance(5.0, 1.0))]
    found = diagnose({"selection_objective": SELECTION}, DATA, both)
    assert list(found) == [HEALTHY]
    assert (found[HEALTHY]["last"], found[HEALTHY]["best"]) == (5.0, 5.0)
