"""Confirmation within a study: what is retrained after the search, once each, the same whatever was interrupted. Trials are imitated."""

import collections
import math
import random
from dataclasses import replace

import pytest

from landscape.core.errors import UserError
from landscape.results.record import Estimate
from landscape.sweep.search.confirming import fresh_seeds
from landscape.sweep.search.plan import Made, Outcome
from landscape.sweep.search.study_plan import StudyPlan

CONFIRM = {"confirmation": {"seeds": 5}, "trials": 12, "searcher": {"name": "random"}}


def outcome_of(task, spread: float = 0.01) -> Outcome:
    """hinge is much better than the other loss; regularizers hardly matter; rates far off the best one diverge."""
    rate = task.assignment["d_optimizer.learning_rate"]
    if rate > 5e-3:
        return Outcome(task.ask, task.repeat, task.cell.id, task.assignment, task.digest, "diverged", role=task.role)
    noise = spread * math.sin(1e3 * task.config.seed + len(task.cell.id))
    value = math.exp((task.config.loss.name != "hinge") + noise + 1e-3 * abs(math.log10(rate) + 3.5))
    return Outcome(
        task.ask,
        task.repeat,
        task.cell.id,
        task.assignment,
        task.digest,
        "completed",
        value,
        math.log(value),
        role=task.role,
        reported=value,
    )


class Imitation:
    """Workers that end their trials in an order of their own, and can be killed at any moment."""

    def __init__(self, space, seed: int = 0, spread: float = 0.01, **options) -> None:
        self.space, self.rng, self.spread, self.options = space, random.Random(seed), spread, options
        self.done: dict[str, Outcome] = {}
        self.begun: dict[str, Made] = {}
        self.runs = collections.Counter()
        self.tasks = {}

    def plan(self) -> StudyPlan:
        made = [m for digest, m in self.begun.items() if digest not in self.done]
        return StudyPlan(self.space, pin=lambda config: config, outcomes=list(self.done.values()), made=made, **self.options)

    def run(self, ends: int | None = None) -> StudyPlan:
        plan, running = self.plan(), []
        while ends is None or ends > 0:
            while len(running) < 3 and (task := plan.propose()) is not None:
                if task.role == "search":
                    self.begun[task.digest] = Made(task.ask, task.repeat, dict(task.assignment))
                self.tasks[task.digest] = task
                running.append(task)
            if not running:
                assert plan.exhausted
                return plan
            task = running.pop(self.rng.randrange(len(running)))
            self.runs[task.digest] += 1
            self.done[task.digest] = self.ended(task)
            plan.settle(self.done[task.digest])
            ends = None if ends is None else ends - 1
        return plan

    def ended(self, task) -> Outcome:
        return outcome_of(task, self.spread)


class LateDecision(Imitation):
    """hinge with a gradient penalty is worse than without, which shows after ten seeds and not after five."""

    def ended(self, task) -> Outcome:
        found = super().ended(task)
        if task.role == "search" or task.cell.labels["regularizers"] == "none":
            return found
        worse = (0.6, -0.2, 0.5, -0.1, 0.4, *[0.6] * 15)[task.repeat]
        return replace(found, reported=found.reported * math.exp(worse))


class OneSeedDiverges(Imitation):
    """The first fresh seed of the other loss diverges."""

    def ended(self, task) -> Outcome:
        found = super().ended(task)
        if task.role == "search" or task.cell.labels["loss"] == "hinge" or task.repeat > 0:
            return found
        return replace(found, status="diverged", value=None, cost=None, reported=None)


def confirmed(trials: Imitation) -> list:
    return [task for task in trials.tasks.values() if task.role == "confirmation"]


def test_the_settings_of_each_level_are_trained_on_the_same_fresh_seeds_once_each(make_space):
    trials = Imitation(make_space(**CONFIRM))
    plan = trials.run()
    # Two losses and two regularizers: three settings, the best cell's stands for a level of each.
    runs = confirmed(trials)
    settings = {(task.cell.id, tuple(task.assignment.items())) for task in runs}
    assert len(settings) == 3
    assert len(runs) == 15
    assert set(trials.runs.values()) == {1}
    assert plan.complete
    assert (plan.trials, plan.finished) == (27, 27)
    seeds = collections.Counter(task.config.seed for task in runs)
    assert set(seeds.values()) == {3}
    assert not seeds.keys() & {task.config.seed for task in trials.tasks.values() if task.role == "search"}
    assert {c for task in runs for c in task.confirms} == {
        "loss=hinge",
        "loss=non_saturating",
        "regularizers=none",
        "regularizers=gradient_penalty",
    }
    best = [task for task in runs if len(task.confirms) == 2]
    assert len(best) == 5
    assert best[0].study["role"] == "confirmation"
    # Each is the setting of its proposal in the search, seed aside.
    search = {t.ask: t for t in trials.tasks.values() if t.role == "search"}
    assert [search[t.ask].config.setting_digest() for t in runs] == [t.config.setting_digest() for t in runs]


def test_nothing_follows_before_the_whole_search_has_ended(make_space):
    plan = StudyPlan(make_space(**CONFIRM), pin=lambda config: config)
    begun = []
    while (task := plan.propose()) is not None:
        begun.append(task)
    assert {task.role for task in begun} == {"search"}
    assert len(begun) == 12
    assert plan.confirmations == 15
    for task in begun:
        assert not plan.exhausted
        assert plan.propose() is None
        plan.settle(outcome_of(task))
    assert plan.propose().role == "confirmation"


@pytest.mark.parametrize("confirmation", [{"seeds": 5}, {"seeds": 5, "most_seeds": 20}, {"seeds": 5, "cells": "top 2"}], ids=str)
def test_the_confirmation_is_the_same_whatever_was_interrupted(make_space, confirmation):
    space = make_space(**CONFIRM | {"confirmation": confirmation})
    whole = Imitation(space)
    whole.run()
    for seed in range(1, 6):
        other, rng = Imitation(space, seed), random.Random(seed)
        for _ in range(5):
            other.run(ends=rng.randint(0, 9))
        plan = other.run()
        assert set(other.runs.values()) == {1}
        assert other.tasks.keys() == whole.tasks.keys()
        assert plan.complete
        assert other.plan().complete


def test_only_pairs_that_are_still_open_get_more_seeds(make_space):
    space = make_space(**CONFIRM | {"confirmation": {"seeds": 5, "most_seeds": 20}})
    trials = Imitation(space, spread=0.1)
    plan = trials.run()
    counts = collections.Counter(task.cell.labels["loss"] for task in confirmed(trials))
    # Hinge with either regularizer is open to the last; the other loss is decided at once.
    assert counts == {"hinge": 40, "non_saturating": 5}
    assert plan.complete
    assert plan.trials == 12 + 45
    decided = Imitation(make_space(**CONFIRM | {"confirmation": {"seeds": 5, "most_seeds": 20, "axes": ["loss"]}}), spread=0.1)
    decided.run()
    assert len(confirmed(decided)) == 10


def test_a_seed_that_diverges_is_not_left_out(make_space):
    """Without the diverged seed the other loss is decided at the first look. With it, five seeds do not decide, and it gets more."""
    confirm = {"confirmation": {"seeds": 5, "most_seeds": 20}}
    seeds = {}
    for kind in (Imitation, OneSeedDiverges):
        trials = kind(make_space(**CONFIRM | confirm))
        trials.run()
        seeds[kind] = sum(task.cell.labels["loss"] != "hinge" for task in confirmed(trials))
    assert seeds[Imitation] == 5
    assert seeds[OneSeedDiverges] > 10


def test_a_resumed_study_looks_at_no_more_seeds_than_an_uninterrupted_one(make_space):
    """Records of later seeds, which an earlier and longer run has left, are not seen at an earlier look."""
    space = make_space(**CONFIRM | {"confirmation": {"seeds": 5, "most_seeds": 20}})
    whole = LateDecision(space)
    # Three settings on five seeds, then the two that are open on five more, which decide.
    assert whole.run().confirmations == 25
    again = whole.plan()
    assert again.complete
    assert (again.confirmations, again.confirmed) == (25, 25)


def test_longer_searches_confirm_what_is_best_then_and_keep_what_is_done(make_space):
    trials = Imitation(make_space(**CONFIRM))
    trials.run()
    before = {task.digest for task in confirmed(trials)}
    trials.space = make_space(**CONFIRM | {"trials": 40})
    plan = trials.run()
    assert plan.complete
    assert set(trials.runs.values()) == {1}
    assert before <= trials.done.keys()
    assert plan.confirmations == 15


def test_without_confirmation_the_search_is_all(make_space):
    for space, options in ((make_space(**CONFIRM), {"confirm": False}), (make_space(**CONFIRM | {"confirmation": {"seeds": 0}}), {})):
        trials = Imitation(space, **options)
        plan = trials.run()
        assert plan.complete
        assert plan.trials == 12
        assert not confirmed(trials)
    # The same study takes it up later.
    later = Imitation(make_space(**CONFIRM))
    later.done = trials.done
    later.run()
    assert len(confirmed(later)) == 15


def test_a_search_without_any_score_has_nothing_to_confirm(make_space):
    space = make_space(**CONFIRM | {"search": {"d_optimizer.learning_rate": {"min": 6e-3, "max": 1e-2}}})
    trials = Imitation(space)
    plan = trials.run()
    assert plan.complete
    assert plan.trials == 12


def test_fresh_seeds_are_fixed_and_a_longer_list_begins_with_the_shorter():
    assert fresh_seeds(0, 5) == fresh_seeds(0, 20)[:5]
    assert len(set(fresh_seeds(0, 200))) == 200
    assert fresh_seeds(0, 5) != fresh_seeds(1, 5)
    assert min((s - 2**31 + 10) % 2**31 for s in fresh_seeds(2**31 - 10, 200)) >= 2**24


def test_what_a_study_may_say_of_its_confirmation(make_space):
    assert make_space(confirmation={"cells": "top 3"}).confirmation.cells == 3
    for wrong, said in (
        ({"seeds": 1}, "one seed has no spread"),
        ({"most_seeds": 3}, "most_seeds=3 is below seeds=5"),
        ({"axes": ["los"]}, r"axis in confirmation\.axes 'los'"),
        ({"cells": "three"}, r"confirmation\.cells"),
        ({"seed": 5}, "unknown setting 'seed'"),
    ):
        with pytest.raises(UserError, match=said):
            make_space(confirmation=wrong)


SCREENING = CONFIRM | {"screening": {"n_fake": 50}}


class Screening(Imitation):
    """Trials with scores of few samples, and later, of the finalists, with those of the whole protocol."""

    def __init__(self, *given, fails=(), **options) -> None:
        super().__init__(*given, **options)
        self.again, self.fails = [], set(fails)

    def ended(self, task) -> Outcome:
        found = super().ended(task)
        if task.role != "search" or found.value is None:
            return found
        assert bool(task.screening) != task.again
        ends = (found.value * 0.9, found.value * 1.1)
        found = replace(found, screened=Estimate(found.value, "lower", ends), reported=None)
        if not task.again:
            return found
        self.again.append(task.digest)
        return found if task.ask in self.fails else replace(found, selected=found.cost)


def test_only_what_may_still_win_is_scored_by_the_whole_protocol_once_and_then_confirmed(make_space):
    trials = Screening(make_space(**SCREENING))
    plan = trials.run()
    search = [t for t in trials.tasks.values() if t.role == "search"]
    assert len(trials.again) == len(set(trials.again))
    assert 0 < len(trials.again) < len(search)
    assert plan.complete
    assert (plan.trials, plan.finished) == (27, 27)
    # The other loss is far worse than hinge, but its best trial beside the same partners stands for it in the confirmation.
    finalists = {trials.tasks[digest].cell.labels["loss"] for digest in trials.again}
    assert finalists == {"hinge", "non_saturating"}
    unscreened = Imitation(make_space(**CONFIRM))
    unscreened.run()
    assert {t.digest for t in confirmed(trials)} == {t.digest for t in confirmed(unscreened)}
    # Runs of the confirmation have the whole protocol at once.
    assert all(not t.screening and not t.again for t in confirmed(trials))


def test_the_second_stage_is_the_same_whatever_was_interrupted(make_space):
    space = make_space(**SCREENING)
    whole = Screening(space)
    whole.run()
    for seed in range(1, 6):
        other, rng = Screening(space, seed), random.Random(seed)
        for _ in range(5):
            other.run(ends=rng.randint(0, 9))
        plan = other.run()
        assert sorted(other.again) == sorted(whole.again)
        assert other.tasks.keys() == whole.tasks.keys()
        assert plan.complete
        assert other.plan().complete


def test_a_finalist_whose_scoring_fails_does_not_hold_up_the_study(make_space):
    space = make_space(**SCREENING)
    first = Screening(space)
    first.run()
    ask = first.tasks[first.again[0]].ask
    trials = Screening(space, fails={ask})
    assert trials.run().complete
    # The next run of the study tries it again.
    trials.fails.clear()
    assert not trials.plan().complete
    assert trials.run().complete
    assert trials.again.count(first.again[0]) == 2
