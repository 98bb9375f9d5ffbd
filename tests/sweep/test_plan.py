"""The plan of a study: equal budgets, nothing twice, the same proposals after any interruption. Trials are imitated, Ray plays no part."""

import collections
import math
import random

import pytest

from landscape.sweep.search.make_searcher import make_searcher
from landscape.sweep.search.plan import Made, Outcome, Plan
from landscape.sweep.search.searcher import Searcher


def value_of(task) -> float | None:
    rate = task.assignment["d_optimizer.learning_rate"]
    return None if rate > 5e-3 else (math.log10(rate) + 3.5) ** 2 + 0.01 * (task.config.seed % 7)


def outcome_of(task) -> Outcome:
    value = value_of(task)
    status = "diverged" if value is None else "completed"
    return Outcome(task.ask, task.repeat, task.cell.id, task.assignment, task.digest, status, value, value)


class Imitation:
    """Workers that end their trials in an order of their own, and can be killed at any moment."""

    def __init__(self, space, seed: int, workers: int = 3, **options) -> None:
        self.space, self.rng, self.workers, self.options = space, random.Random(seed), workers, options
        self.done: dict[str, Outcome] = {}
        self.begun: dict[str, Made] = {}
        self.tasks: dict[str, tuple] = {}
        self.runs = collections.Counter()

    def plan(self) -> Plan:
        made = [m for digest, m in self.begun.items() if digest not in self.done]
        return Plan(self.space, pin=lambda config: config, outcomes=list(self.done.values()), made=made, **self.options)

    def run(self, ends: int | None = None) -> Plan:
        """Until the plan is done, or so many trials have ended."""
        plan, running = self.plan(), []
        while ends is None or ends > 0:
            while len(running) < self.workers and (task := plan.propose()) is not None:
                self.begun[task.digest] = Made(task.ask, task.repeat, dict(task.assignment))
                self.tasks[task.digest] = (task.ask, task.repeat, task.cell.id, tuple(task.assignment.items()), task.config.seed)
                running.append(task)
            if not running:
                assert plan.exhausted
                return plan
            task = running.pop(self.rng.randrange(len(running)))
            self.runs[task.digest] += 1
            self.done[task.digest] = outcome_of(task)
            plan.settle(self.done[task.digest])
            ends = None if ends is None else ends - 1
        return plan


SEARCHERS = [{"name": "random"}, {"name": "optuna-tpe", "startup": 3}, {"name": "optuna-tpe", "scope": "across", "startup": 5}]


@pytest.mark.parametrize("searcher", SEARCHERS, ids=str)
@pytest.mark.parametrize("deterministic", [False, True])
def test_every_cell_gets_the_same_and_nothing_runs_twice_whatever_is_interrupted(make_space, searcher, deterministic):
    space = make_space(searcher=searcher, trials=24)
    for seed in range(4):
        trials, rng = Imitation(space, seed, deterministic=deterministic), random.Random(seed)
        for _ in range(3):
            trials.run(ends=rng.randint(0, 7))
        plan = trials.run()
        assert plan.finished == plan.trials == 24
        assert set(trials.runs.values()) == {1}
        assert set(collections.Counter(o.cell_id for o in trials.done.values()).values()) == {6}
        assert sorted(o.ask for o in trials.done.values()) == list(range(24))


@pytest.mark.parametrize("searcher", [*SEARCHERS[1:], {"name": "gp-ucb", "startup": 2}], ids=str)
def test_in_rounds_the_proposals_are_the_same_whatever_ends_first_or_is_interrupted(make_space, searcher):
    space = make_space(searcher=searcher, trials=16 if searcher["name"] == "gp-ucb" else 24)
    whole = Imitation(space, 0, workers=1, deterministic=True)
    whole.run()
    for seed in range(1, 4):
        other, rng = Imitation(space, seed, workers=4, deterministic=True), random.Random(seed)
        for _ in range(4):
            other.run(ends=rng.randint(0, 6))
        other.run()
        assert other.tasks == whole.tasks


def test_matched_cells_get_the_same_settings_in_each_lap(make_space):
    def settings(**how):
        trials = Imitation(make_space(searcher={"name": "random", **how}, trials=24), 0)
        trials.run()
        by_cell = collections.defaultdict(list)
        for o in sorted(trials.done.values(), key=lambda o: o.ask):
            by_cell[o.cell_id].append(o.assignment["d_optimizer.learning_rate"])
        return list(by_cell.values())

    matched = settings(matched=True)
    assert len(matched) == 4
    assert all(rates == matched[0] for rates in matched)
    assert len(set(matched[0])) == 6
    assert len({tuple(rates) for rates in settings()}) == 4


@pytest.mark.parametrize("searcher", [{"name": "random"}, {"name": "optuna-tpe", "startup": 2}], ids=str)
def test_given_settings_come_first_in_their_cells_and_the_searcher_learns_of_them(make_space, searcher):
    plain = make_space(searcher=searcher, trials=24)
    level = plain.labels["loss"][0]
    rates = [{"d_optimizer.learning_rate": 1e-3}, {"d_optimizer.learning_rate": 2e-3}]
    given = [{"when": {"loss": level, "regularizers": "none"}, "values": rates[0]}, {"when": {"regularizers": "none"}, "values": rates[1]}]
    space = make_space(searcher=searcher, trials=24, first=given)
    trials = Imitation(space, 0)
    trials.run(ends=9)
    trials.run()
    made = collections.defaultdict(list)
    for o in sorted(trials.done.values(), key=lambda o: o.ask):
        made[o.cell_id].append(o.assignment)
    for cell in space.cells():
        expected = [] if "gradient_penalty.weight" in cell.parameters else rates if cell.labels["loss"] == level else rates[1:]
        assert made[cell.id][: len(expected)] == expected
        assert len(made[cell.id]) == 6
        assert not any(x in rates for x in made[cell.id][len(expected) :])
    learned = Plan(space, pin=lambda config: config, outcomes=list(trials.done.values()))
    while learned.propose() is not None:
        pass
    assert {group.searcher.count for group in learned._groups.values()} == {6}


def test_without_rounds_the_order_of_endings_matters(make_space):
    # Shows that the test above can fail: the same comparison without rounds.
    space = make_space(searcher={"name": "optuna-tpe", "startup": 2}, trials=24)
    runs = [Imitation(space, seed, workers=4) for seed in (1, 2)]
    for run in runs:
        run.run()
    assert runs[0].tasks != runs[1].tasks


def test_a_round_waits_for_the_one_before(make_space):
    space = make_space(searcher={"name": "gp-ucb", "startup": 2}, batch=3, trials=24)
    plan = Plan(space, pin=lambda config: config)
    first = [plan.propose() for _ in range(12)]
    assert None not in first
    # The next proposal is the fourth of its cell: its first round has not ended.
    assert plan.propose() is None
    assert not plan.exhausted
    cell = plan.cells[plan.cell_of(12)].id
    for task in [t for t in first if t.cell.id != cell]:
        plan.settle(outcome_of(task))
        assert plan.propose() is None
    for task in [t for t in first if t.cell.id == cell]:
        plan.settle(outcome_of(task))
    assert plan.propose().ask == 12


def test_models_begin_once_half_of_the_random_proposals_have_ended(make_space):
    space = make_space(searcher={"name": "optuna-tpe", "scope": "across", "startup": 6}, trials=24)
    plan = Plan(space, pin=lambda config: config)
    begun = [plan.propose() for _ in range(6)]
    assert plan.propose() is None
    for task in begun[:3]:
        assert plan.propose() is None
        plan.settle(outcome_of(task))
    assert plan.propose().ask == 6


def test_cells_take_turns_in_an_order_drawn_anew(make_space):
    plan = Plan(make_space(trials=40), pin=lambda config: config)
    laps = [[plan.cell_of(lap * 4 + i) for i in range(4)] for lap in range(10)]
    assert [sorted(lap) for lap in laps] == [[0, 1, 2, 3]] * 10
    assert len({tuple(lap) for lap in laps}) > 3
    assert [plan.cell_of(a) for a in range(4)] == laps[0]


def test_more_trials_extend_a_study(make_space):
    trials = Imitation(make_space(trials=8), 0)
    trials.run()
    first = dict(trials.tasks)
    trials.space = make_space(trials=16)
    trials.run()
    assert len(trials.done) == 16
    assert set(trials.runs.values()) == {1}
    assert first.items() <= trials.tasks.items()
    trials.space = make_space(trials=8)
    assert trials.plan().finished == 8


def test_several_seeds_are_trials_of_one_proposal(make_space, monkeypatch):
    space = make_space(seeds=3, trials=24)
    trials = Imitation(space, 0)
    told = {}

    def make(choice, seed):
        searcher = make_searcher(choice, seed)
        original = searcher.tell
        searcher.tell = lambda number, value: (told.update({number: value}), original(number, value))
        return searcher

    monkeypatch.setattr("landscape.sweep.search.plan.make_searcher", make)
    plan = trials.plan()
    trials.plan = lambda: plan
    trials.run()
    assert len(trials.done) == 24
    by_ask = collections.defaultdict(list)
    for outcome in trials.done.values():
        by_ask[outcome.ask].append(outcome)
    assert sorted(by_ask) == list(range(8))
    assert [(len(o), len({str(x.assignment) for x in o})) for o in by_ask.values()] == [(3, 1)] * 8
    assert len({seed for *_, seed in trials.tasks.values()}) == 24
    assert sorted(told) == list(range(8))
    for ask, value in told.items():
        values = sorted(math.inf if o.cost is None else o.cost for o in by_ask[ask])
        assert value == (None if math.isinf(values[1]) else values[1])


@pytest.mark.parametrize(
    ("costs", "told"),
    [((1.0, 5.0), 3.0), ((5.0, 1.0, 9.0), 5.0), ((1.0, None), None), ((1.0, None, 3.0), 3.0), ((None, None), None)],
)
def test_a_searcher_is_told_the_median_over_the_seeds_of_a_proposal(make_space, monkeypatch, costs, told):
    space = make_space(searcher={"name": "optuna-tpe", "scope": "across", "startup": 2}, seeds=len(costs), trials=8 * len(costs))
    heard = []
    monkeypatch.setattr(Searcher, "tell", lambda self, number, value, second=None: heard.append((number, value)))
    plan = Plan(space, pin=lambda config: config)
    tasks = [plan.propose() for _ in costs]
    assert {task.ask for task in tasks} == {0}
    for task, cost in zip(tasks, costs, strict=True):
        status = "diverged" if cost is None else "completed"
        plan.settle(Outcome(0, task.repeat, task.cell.id, task.assignment, task.digest, status, cost, cost))
    assert heard == [(0, told)]


def test_three_searches_of_a_cell_know_nothing_of_each_other(make_space):
    """Under the external rules each search has its own model, seed and share of the trials; a study without rules is as it was."""
    space = make_space(ruleset="external", searcher={"name": "optuna-tpe", "startup": 2}, trials=30)
    assert space.asks_per_cell(4) == 9
    trials = Imitation(space, 0)
    plan = trials.run()
    by_search = collections.defaultdict(list)
    for ask in range(plan.asks):
        by_search[plan.search_of(ask), plan.cell_of(ask)].append(ask)
    assert {search for search, _ in by_search} == {0, 1, 2}
    assert {len(asks) for asks in by_search.values()} == {3}
    fresh = Plan(make_space(ruleset="external", searcher={"name": "random"}, trials=36), pin=lambda config: config)
    made = [fresh.propose() for _ in range(36)]
    assert [t.study.get("search", 0) for t in made] == [fresh.search_of(t.ask) for t in made]

    # What one search is told changes nothing that another one proposes.
    def proposals(best):
        plan, found = Plan(space, pin=lambda config: config), {}
        while (task := plan.propose()) is not None:
            found[task.ask] = task.assignment
            cost = 0.0 if plan.search_of(task.ask) == 0 and best else abs(math.log10(task.assignment["d_optimizer.learning_rate"]))
            plan.settle(Outcome(task.ask, 0, task.cell.id, task.assignment, task.digest, "completed", cost, cost))
        return plan, found

    (plan, one), (_, other) = proposals(False), proposals(True)
    differing = {plan.search_of(ask) for ask in one if one[ask] != other[ask]}
    assert differing == {0}


def test_a_digest_that_was_run_elsewhere_in_the_study_is_not_run_again(make_space):
    space = make_space(trials=8)
    first = Imitation(space, 0)
    first.run()
    known = next(o for o in first.done.values() if o.ask == 5)
    moved = Outcome(100, 0, known.cell_id, known.assignment, known.digest, known.status, known.value, known.cost)
    plan = Plan(space, pin=lambda config: config, outcomes=[moved])
    begun = []
    while (task := plan.propose()) is not None:
        begun.append(task.ask)
        plan.settle(outcome_of(task))
    assert begun == [0, 1, 2, 3, 4, 6, 7]
    assert plan.finished == 8


def test_proposals_of_an_interrupted_run_are_taken_up_not_made_anew(make_space):
    space = make_space(trials=8)
    trials = Imitation(space, 0)
    plan = trials.plan()
    begun = [plan.propose() for _ in range(3)]
    changed = {"d_optimizer.learning_rate": 1.5e-4} | {k: 2.0 for k in begun[2].assignment if k != "d_optimizer.learning_rate"}
    again = Plan(space, pin=lambda config: config, made=[Made(begun[2].ask, 0, changed)])
    assert [again.propose().assignment for _ in range(3)] == [begun[0].assignment, begun[1].assignment, changed]


def test_records_are_taken_up_once_each_and_no_config_is_built_for_them(make_space, monkeypatch):
    from landscape.space.cells import Cell
    from landscape.sweep.search.searcher import Searcher

    space = make_space(searcher={"name": "random"}, trials=4000)
    cells, shape = space.cells(), Plan(space, pin=lambda config: config)
    outcomes = []
    for ask in range(1000):
        cell = cells[shape.cell_of(ask)]
        middle = {n: p.at(0.5) for n, p in cell.parameters.items()}
        outcomes.append(Outcome(ask, 0, cell.id, middle, f"{ask:016x}", "completed", 1.0, 1.0))
    counts = collections.Counter()
    for owner, name in ((Searcher, "replay"), (Searcher, "ask"), (Searcher, "tell"), (Cell, "config")):
        original = getattr(owner, name)

        def counting(*args, _name=name, _original=original, **keywords):
            counts[_name] += 1
            return _original(*args, **keywords)

        monkeypatch.setattr(owner, name, counting)
    assert Plan(space, pin=lambda config: config, outcomes=outcomes).propose().ask == 1000
    assert counts == {"replay": 1000, "tell": 1000, "ask": 1, "config": 1}


def test_whose_trials_they_are(make_space):
    space = make_space(trials=8)
    ours = Imitation(space, 0)
    ours.run()
    outcomes = list(ours.done.values())
    assert len(outcomes) == 8
    assert all(Plan(space, pin=lambda config: config).would_make(o) for o in outcomes)
    longer = Plan(space.with_steps(21), pin=lambda config: config)
    fewer = Plan(make_space(trials=8, axes={"loss": ["hinge"], "architecture": ["mlp"]}, search={}), pin=lambda config: config)
    for other in (longer, fewer):
        assert not any(other.would_make(o) for o in outcomes)
    assert Plan(space.with_changes(trials=16), pin=lambda config: config).would_make(outcomes[0])
    assert all(longer.has_place_for(o) for o in outcomes)
    assert not all(fewer.has_place_for(o) for o in outcomes)
