"""Trials, steps and seconds until a target: against all orders of a few trials, by hand, and by simulation."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.confirmed_study import AXES, SCORE, study_of
from helpers.made_trials import trial

from landscape.analysis.answer import AxisAnswer, LevelAnswer, StudyAnswer
from landscape.analysis.answering import answer_of
from landscape.analysis.frames import trials_frame
from landscape.analysis.interval import Interval
from landscape.analysis.time_to_target import Target, baseline_target, performance_profile, time_to_target, tuned
from landscape.core.errors import UserError
from landscape.results.record import Estimate, Scores, Status
from landscape.results.studies import Study

NAME = "FD[x]"


def made(level: str, values, **how):
    """Trials of one level in the order of the search; None for one that diverged."""
    found = []
    for ask, value in enumerate(values):
        status = Status.DIVERGED if value is None else Status.COMPLETED
        one = trial(f"{level}{ask}", value, cell={"loss": level}, status=status, **how)
        steps = {"d_steps": 10 * (ask + 1)}
        found.append(replace(one, record=replace(one.record, study={**one.record.study, "ask": ask}, counts=steps)))
    return found


def reached(trials, target, *, given_search=False):
    return {one.level: one for one in time_to_target(trials_frame(trials), NAME, "loss", target, given_search=given_search)}


def test_the_mean_over_all_orders_by_listing_them():
    values = [9.0, 2.0, 7.0, None, 1.0]
    found = reached(made("a", values), 3.0)["a"]
    steps, costs = [10, 20, 30, 40, 50], [math.inf if v is None else v for v in values]
    trials, efforts = [], []
    for order in itertools.permutations(range(5)):
        first = next(i for i, at in enumerate(order) if costs[at] <= 3)
        trials.append(first + 1)
        efforts.append(sum(steps[at] for at in order[: first + 1]))
    assert (found.tried, found.reached) == (5, 2)
    assert found.trials.value == pytest.approx(np.mean(trials)) == 2
    assert found.d_steps == pytest.approx(np.mean(efforts))
    assert found.trials.low < 2 < found.trials.high


def test_a_search_that_learns_is_counted_as_it_ran():
    found = reached(made("a", [9.0, None, 2.0, 1.0]), 3.0, given_search=True)["a"]
    assert (found.trials.value, found.d_steps, found.trials.has_interval) == (3, 10 + 20 + 30, False)
    assert "one search" in found.trials.absent


def test_a_level_that_never_gets_there_says_so_and_stands_last():
    trials = [*made("never", [9.0] * 20), *made("often", [1.0, 9.0, 1.0]), *made("seldom", [9.0, 9.0, 9.0, 1.0])]
    found = reached(trials, 3.0)
    assert list(found) == ["often", "seldom", "never"]
    assert found["never"].trials.value is None
    assert found["never"].d_steps is None
    # With 0 of 20, Clopper and Pearson's share is at most 16.8%: 5.94 trials or more.
    assert found["never"].trials.absent == "none of 20 trials reaches it: it takes 5.94 or more on average"
    assert reached(trials, 3.0, given_search=True)["never"].trials.absent == "none of 20 trials reaches it"


def test_higher_may_be_better():
    found = reached(made("a", [0.1, 0.9], direction="higher"), 0.5)["a"]
    assert (found.reached, found.trials.value) == (1, 1.5)


@pytest.mark.parametrize(("p", "n"), [(0.1, 40), (0.5, 12)])
def test_the_interval_holds_the_true_number_of_trials(p, n):
    rng, held = np.random.default_rng(2), 0
    for _ in range(300):
        found = reached(made("a", np.where(rng.random(n) < p, 1.0, 9.0)), 3.0)["a"]
        low, high = (found.trials.low, found.trials.high) if found.reached else (1 / p, math.inf)
        held += low <= 1 / p <= high
    assert held / 300 >= 0.92


def test_the_best_confirmed_baseline_sets_the_target():
    study = study_of()
    answer = answer_of(study, trials_frame(study.trials, axes=tuple(AXES)), SCORE)
    levels = {level.level: float(np.median(level.scores)) for level in answer.axis("loss").levels}
    every = baseline_target(answer, "loss")
    assert every.value == min(levels.values())
    assert every.rule == f"the median of 5 fresh seeds of {min(levels, key=levels.get)}, 20 wanted"
    assert baseline_target(answer, "loss", ("wasserstein",)).value == levels["wasserstein"]
    assert baseline_target(answer, "loss", higher_is_better=True).value == max(levels.values())
    for wrong, said in ((("los", ()), "axis with several levels 'los'"), (("loss", ("hing",)), "level of loss 'hing'")):
        with pytest.raises(UserError, match=said):
            baseline_target(answer, *wrong)
    bare = study_of(seeds=0)
    with pytest.raises(UserError, match="no baseline has a median over fresh seeds"):
        baseline_target(answer_of(bare, trials_frame(bare.trials, axes=tuple(AXES)), SCORE), "loss")


@pytest.mark.parametrize(
    ("scores", "value", "rule"),
    [
        ((4.0, None, 2.0, 9.0, 3.0), 4.0, "the median of 5 fresh seeds of a, 20 wanted, 1 diverged"),
        ((4.0, 2.0, 9.0, 3.0), 3.5, "the median of 4 fresh seeds of a, 20 wanted"),
        (tuple(range(1, 21)), 10.5, "the median of 20 fresh seeds of a"),
    ],
)
def test_a_median_counts_diverged_seeds_and_names_its_seeds(scores, value, rule):
    """The mean of level b is better than that of a, and one of its seeds is far better than the others."""
    levels = (
        LevelAnswer("b", Interval(1.0), (1e-9, 50.0, 50.0)),
        LevelAnswer("a", Interval(9.0), scores),
        LevelAnswer("c", Interval(None)),
    )
    answer = StudyAnswer(NAME, "", axes=(AxisAnswer("loss", "open", "", levels=levels),))
    assert baseline_target(answer, "loss") == Target(value, rule)
    lost = StudyAnswer(NAME, "", axes=(AxisAnswer("loss", "open", "", levels=(LevelAnswer("b", Interval(None), (None, None, 1.0)),)),))
    with pytest.raises(UserError, match="no baseline has a median over fresh seeds"):
        baseline_target(lost, "loss")


def test_a_level_counts_by_the_median_of_its_searches():
    """The best of each search is chosen by the selection samples; one that only diverged has no score and is the worst."""
    study = study_of(seeds=0)
    trials = []
    for i, one in enumerate(study.trials):
        of = one.scores["p"]
        chosen = Scores({"name": "quick/selection", "digest": "s"}, {SCORE: Estimate(10.0 - i, "lower")})
        lost = one.record.study["cell"]["loss"] == "hinge" and i % 3 == 2
        record = replace(one.record, study={**one.record.study, "search": i % 3}, status=Status.DIVERGED if lost else Status.COMPLETED)
        trials.append(replace(one, record=record, scores={} if lost else {"p": of, "s": chosen}))
    study = replace(study, trials=tuple(trials))
    table = trials_frame(study.trials, "p", axes=tuple(AXES))
    found = {one.level: one for one in tuned(study, table, SCORE, "loss", "external")}
    shown = {t.record.digest: t.scores["p"].estimates[SCORE].value for t in trials if t.scores}
    for level, one in found.items():
        # The last trial of a search has the best selection score, whatever the reporting score says.
        of = [t for t in trials if t.record.study["cell"]["loss"] == level]
        last = {t.record.study["search"]: shown.get(t.record.digest) for t in of}
        assert sorted(one.scores, key=str) == sorted(last.values(), key=str)
    assert len(found) == 3
    assert found["hinge"].scores.count(None) == 1
    assert found["hinge"].median == max(x for x in found["hinge"].scores if x is not None)
    seeds = {one.level: one for one in tuned(study, table, SCORE, "loss", "self-tuning")}
    assert {len(one.scores) for one in seeds.values()} == {2}


def test_seeds_of_one_setting_are_one_trial():
    """The lower median of the seeds counts, as in the tables; a lost seed is the worst. The efforts are those of all seeds."""
    settings = {"s0": [9.0, 1.0, 8.0], "s1": [2.0, None, 1.0], "s2": [None, 1.0, None], "s3": [2.5, 9.0]}
    trials = []
    for ask, (setting, values) in enumerate(settings.items()):
        for repeat, value in enumerate(values):
            how = {"cell": {"loss": "a"}, "setting": setting, "ask": ask, "repeat": repeat}
            trials.append(trial(f"{setting}{repeat}", value, status=Status.DIVERGED if value is None else Status.COMPLETED, **how))
    table = trials_frame(trials)
    found = reached(trials, 3.0)["a"]
    assert sorted(table.costs(NAME)) == [2.0, 2.5, 8.0, math.inf]
    assert (found.tried, found.reached, found.trials.value) == (4, 2, 5 / 3)
    alone = reached([trial(f"x{i}", v, cell={"loss": "a"}, ask=i) for i, v in enumerate((8.0, 2.0, 9.0, 2.5))], 3.0)["a"]
    assert (found.trials.low, found.trials.high) == (alone.trials.low, alone.trials.high)
    # A miss (three seeds of 400 steps) costs its effort in 1 of 3 orders; a hit has three seeds or two.
    assert found.d_steps == pytest.approx((1200 + 1200) / 3 + (1200 + 800) / 2)
    ran = reached(trials, 3.0, given_search=True)["a"]
    assert (ran.trials.value, ran.d_steps, ran.seconds) == (2, 2400, 6 * 3)


def test_one_setting_that_is_proposed_again_is_another_trial():
    trials = [trial(f"x{i}", v, cell={"loss": "a"}, setting="the only one", ask=i) for i, v in enumerate((9.0, 1.0, 9.0))]
    assert reached(trials, 3.0)["a"].trials.value == 2


def test_of_searches_that_learn_the_median_one_counts():
    """Three searches have the proposals in turn: the first hits of each are its 3rd, its 1st and none."""
    values = [9.0, 1.0, 9.0, 9.0, 9.0, 9.0, 1.0, 9.0, 9.0]
    trials = made("a", values)
    searches = {t.record.digest: i % 3 for i, t in enumerate(trials)}
    table = trials_frame(trials)
    (found,) = time_to_target(table, NAME, "loss", 3.0, given_search=True, searches=searches)
    assert (found.tried, found.reached, found.trials.value, found.d_steps) == (9, 2, 3, 10 + 40 + 70)
    assert found.trials.absent == "the median of 3 searches in their own order"
    (lost,) = time_to_target(trials_frame(made("a", [9.0, 1.0, *[9.0] * 7])), NAME, "loss", 3.0, given_search=True, searches=searches)
    assert (lost.reached, lost.trials.value, lost.d_steps, lost.seconds) == (1, None, None, None)
    assert lost.trials.absent == "1 of 3 searches reach it, the median one does not"
    # Draws at random are independent of each other, whatever search they belong to.
    (drawn,) = time_to_target(table, NAME, "loss", 3.0, given_search=False, searches=searches)
    assert drawn.trials.value == 10 / 3


def test_an_axis_that_the_study_lacks_is_named():
    with pytest.raises(UserError, match="^unknown axis 'los': did you mean 'loss'"):
        time_to_target(trials_frame(made("a", [1.0])), NAME, "los", 3.0, given_search=False)


def test_without_a_search_a_level_counts_by_its_best_cell():
    """The selection samples choose the cell by its median over seeds, and its seeds on the reporting samples are what counts."""
    selection = {"none": [5.0, 6.0, 7.0], "spectral": [1.0, 9.0, 9.0], "batch": [5.0, 8.0, None]}
    reporting = {"none": [30.0, 10.0, 20.0], "spectral": [1.0, 2.0, 3.0], "batch": [4.0, 5.0, None]}
    trials = []
    for d_normalization, chosen in selection.items():
        for repeat, (hidden, shown) in enumerate(zip(chosen, reporting[d_normalization], strict=True)):
            cell = {"loss": "a", "d_normalization": d_normalization}
            one = trial(f"{d_normalization}{repeat}", shown, cell=cell, ask=repeat, repeat=0)
            if hidden is None:
                one = replace(one, record=replace(one.record, status=Status.DIVERGED))
            else:
                scores = Scores({"name": "p/selection", "digest": "s"}, {NAME: Estimate(hidden, "lower")})
                one = replace(one, scores={**one.scores, "s": scores})
            trials.append(one)
    study = Study("made", Path(), {"objective": NAME}, tuple(trials))
    table = trials_frame(trials, "p", ("loss", "d_normalization"))
    (found,) = tuned(study, table, NAME, "loss", "self-tuning")
    assert (found.level, found.cell, found.scores, found.median) == ("a", "a · none", (30.0, 10.0, 20.0), 20.0)


def test_a_profile_by_hand():
    efforts = {"one": {"a": 10.0, "b": 15.0, "c": None}, "two": {"a": 40.0, "b": 10.0, "c": 20.0, "only here": 1.0}}
    assert performance_profile(efforts, (1.0, 1.5, 2.0, 4.0)) == {
        "a": (0.5, 0.5, 0.5, 1.0),
        "b": (0.5, 1.0, 1.0, 1.0),
        "c": (0, 0, 0.5, 0.5),
    }
    with pytest.raises(UserError, match="no level in common"):
        performance_profile({"one": {"a": 1.0}, "two": {"b": 1.0}}, (1.0,))


def test_stopped_trials_count_with_their_effort_and_in_their_order():
    """Which trials are stopped depends on the order, so that the other orders are no searches that might have been."""
    trials = made("a", [9.0, None, 2.0, 1.0])
    early = replace(trials[1].record, status=Status.STOPPED_EARLY, counts={"d_steps": 2})
    trials[1] = replace(trials[1], record=early)
    found = reached(trials, 3.0)["a"]
    assert (found.tried, found.reached, found.trials.value, found.d_steps) == (4, 2, 3, 10 + 2 + 30)
    assert not found.trials.has_interval
