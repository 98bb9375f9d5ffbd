"""Early stopping in the sweep: the rules against hand-worked cases and Optuna's own studies, what searchers hear, and what a study expects."""

from types import SimpleNamespace

import numpy as np
import optuna
import pytest

from landscape.core.errors import UserError
from landscape.results.record import Rung
from landscape.space.settings import EarlyStopping
from landscape.sweep.pool.dialogue import Dialogue
from landscape.sweep.pool.worker import TrialActor
from landscape.sweep.search.early_stopping import Stopping, expected_shares, expected_work, pruner, step_of
from landscape.sweep.search.plan import Outcome, Plan, stopped_in_the_middle
from landscape.sweep.search.study_plan import StudyPlan

ASHA = EarlyStopping(rule="asha", reduction=3, first=0.1)
MEDIAN = EarlyStopping(rule="median", startup=2)


def at(rung: int, cost: float) -> Rung:
    return Rung(rung, ASHA.shares[rung], 10, "FD[pixels]", cost, cost)


def judge(how=ASHA, group_of=lambda ask: 0, before=lambda ask: None) -> Stopping:
    return Stopping(how, group_of, before)


def through(stopping: Stopping, courses) -> list[list[Rung]]:
    """Run trials one after the other, each to the rung at which it is stopped."""
    found = []
    for ask, costs in enumerate(courses):
        decided = []
        for rung, cost in enumerate(costs):
            decided.append(stopping.decide(f"t{ask}", ask, at(rung, cost)))
            if decided[-1].stop:
                break
        stopping.learn(f"t{ask}", ask, decided, "stopped_early" if decided[-1].stop else "completed")
        found.append(decided)
    return found


def test_rungs_are_shares_of_the_training():
    assert EarlyStopping(rule="asha", reduction=2, first=0.125).shares == (0.125, 0.25, 0.5)
    assert ASHA.shares == pytest.approx((0.1, 0.3, 0.9))


def test_successive_halving_by_hand():
    """Of n trials at a rung the best n // 3 go on, at first the best one. A trial is judged when it arrives, and never again."""
    costs = [5, 6, 4, 7, 4.5, 3, 3.5, 9, 3.8]
    decided = [found[0] for found in through(judge(), [[cost] for cost in costs])]
    assert [rung.stop for rung in decided] == [False, True, False, True, True, False, False, True, False]
    assert [(rung.rank, rung.of) for rung in decided] == [(1, 1), (2, 2), (1, 3), (4, 4), (2, 5), (1, 6), (2, 7), (8, 8), (3, 9)]
    # Each rung is a contest of its own, among those that reached it.
    second = through(judge(), [[5, 2], [4, 3], [3, 1]])
    assert [[rung.stop for rung in found] for found in second] == [[False, False], [False, True], [False, False]]
    assert [(found[-1].rank, found[-1].of) for found in second] == [(1, 1), (2, 2), (1, 3)]


def test_the_median_rule_by_hand():
    """Two trials are completed first. Then a trial is stopped whose best score so far is above the median of completed ones at the rung."""
    decided = through(judge(MEDIAN), [[4, 2], [6, 3], [7], [5, 2.5], [4.5, 4], [1, 9]])
    assert [[rung.stop for rung in found] for found in decided] == [
        [False] * 2,
        [False] * 2,
        [True],
        [False] * 2,
        [False, True],
        [False] * 2,
    ]
    assert [found[0].median for found in decided] == [None, 4, 5, 5, 5, 5]
    assert (decided[4][1].median, decided[4][1].of) == (2.5, 3)


@pytest.mark.parametrize("how", [ASHA, EarlyStopping(rule="asha", reduction=2, first=0.2), MEDIAN], ids=["thirds", "halves", "median"])
def test_decisions_are_those_of_a_study_of_optuna(how):
    """The same trials through ask, report, should_prune and tell of one Optuna study."""
    rng = np.random.default_rng(1)
    courses = rng.random((40, 1)) + 0.3 * rng.random((40, len(how.shares)))
    study = optuna.create_study(pruner=pruner(how), sampler=optuna.samplers.RandomSampler(seed=0))
    theirs = []
    for costs in courses:
        trial, stops = study.ask(), []
        for rung, cost in enumerate(costs):
            trial.report(cost, step_of(rung, how.reduction))
            stops.append(trial.should_prune())
            if stops[-1]:
                break
        pruned = optuna.trial.TrialState.PRUNED if stops[-1] else optuna.trial.TrialState.COMPLETE
        study.tell(trial, None if stops[-1] else cost, state=pruned)
        theirs.append(stops)
    ours = through(judge(how), courses.tolist())
    assert [[rung.stop for rung in found] for found in ours] == theirs
    assert 0 < sum(found[-1].stop for found in ours) < 40


def test_a_resumed_study_decides_as_if_nothing_had_been():
    courses = np.random.default_rng(2).random((20, 3)).tolist()
    whole = judge()
    decided = through(whole, courses)
    resumed = judge()
    for ask in reversed(range(20)):
        ended = "stopped_early" if decided[ask][-1].stop else "completed"
        resumed.learn(f"t{ask}", ask, decided[ask], ended)
    for cost in (0.02, 0.4, 0.9):
        assert resumed.decide("new", 20, at(0, cost)) == whole.decide("new", 20, at(0, cost))


def test_trials_of_other_searches_and_of_the_same_round_are_not_compared():
    """With rounds of two proposals, the second one of a round does not depend on whether the first one was faster."""
    apart = judge(group_of=lambda ask: ask % 2)
    assert [found[0].stop for found in through(apart, [[1], [5], [6], [4]])] == [False, False, True, False]
    rounds = judge(before=lambda ask: ask - ask % 2)
    decided = through(rounds, [[1], [5], [2], [0.5], [0.7], [0.2]])
    assert [found[0].stop for found in decided] == [False, False, True, False, True, False]
    assert [found[0].of for found in decided] == [1, 1, 3, 3, 5, 5]


def test_what_a_study_expects():
    for how in (ASHA, MEDIAN):
        assert expected_shares(how, 1) == (1, 1, 1, 1)
        assert expected_work(how, 1) == 1
        shares = expected_shares(how, 60)
        assert shares[0] == 1
        assert list(shares) == sorted(shares, reverse=True)
    thirds = expected_shares(ASHA, 60)
    # About a third goes on at each rung.
    assert 0.25 < thirds[1] < 0.45
    assert 0.08 < thirds[2] < 0.2
    assert expected_work(ASHA, 60) == pytest.approx(0.1 + 0.2 * thirds[1] + 0.6 * thirds[2] + 0.1 * thirds[3])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"early_stopping": {"rule": "asha", "metric": "IS"}}, "no metric of protocol 'toy' gives early_stopping.metric='IS'"),
        ({"early_stopping": {"rule": "asha", "first": 0.01}}, ""),
        ({"early_stopping": {"rule": "asha", "first": 0.01}, "base": {"budget": {"amount": 1}}}, "too few for a rung"),
        ({"early_stopping": {"rule": "median"}, "base": {"budget": {"amount": 9, "unit": "seconds"}}}, "is measured in seconds"),
        ({"early_stopping": {"rule": "hyperband"}}, "early_stopping.rule='hyperband'"),
        ({"early_stopping": {"rule": "asha", "reduktion": 2}}, "reduktion"),
        ({"early_stopping": {"rule": "asha"}, "search": {"budget.amount": {"min": 5, "max": 20}}}, "sets the length of training"),
    ],
)
def test_mistakes(make_space, changes, message):
    if not message:
        assert make_space(**changes).cells()
        return
    with pytest.raises(UserError, match=message.replace("'", ".")):
        make_space(**changes).cells()


def test_off_it_changes_no_identity(make_space):
    plain = make_space()
    assert "early_stopping" not in plain.identity()
    assert make_space(early_stopping={"rule": "asha"}).digest() != plain.digest()


def ended(task, cost=None, rungs=()) -> Outcome:
    status = "completed" if cost is not None else "stopped_early" if rungs else "diverged"
    values = {"value": cost, "cost": cost, "selected": cost, "reported": cost, "shown": cost}
    place = (task.ask, task.repeat, task.cell.id, task.assignment, task.digest, status)
    return Outcome(*place, **values, rungs=tuple(rungs), role=task.role)


STOPPED = (Rung(0, 0.1, 2, "FD[pixels]", 9.0, 9.0), Rung(1, 0.3, 6, "FD[pixels]", 8.0, 8.0, rule="asha", rank=3, of=3, stop=True))


@pytest.mark.parametrize("name", ["optuna-tpe", "optuna-gp", "gp-ucb", "random"])
def test_searchers_hear_of_stopped_trials(make_space, name):
    """Optuna's know them as pruned, with their costs at the rungs; gp-ucb as trials without a score, like diverged ones."""
    search = {"d_optimizer.learning_rate": {"min": 1e-5, "max": 1e-2, "scaling": "log"}}
    changes = {"searcher": {"name": name, "startup": 2}, "trials": 6, "early_stopping": {"rule": "asha"}}
    space = make_space(axes={"loss": ["hinge"], "architecture": ["mlp"]}, search=search, **changes)
    plan = Plan(space, pin=lambda config: config)
    for i in range(6):
        task = plan.propose()
        assert task.may_stop
        plan.settle(ended(task, rungs=STOPPED) if i in (1, 3) else ended(task, cost=1.0 + i))
    assert plan.finished == 6
    searcher = plan._group(0).searcher
    assert not searcher.pending
    if name.startswith("optuna"):
        pruned = [t for t in searcher._study.get_trials() if t.state is optuna.trial.TrialState.PRUNED]
        assert [t.number for t in pruned] == [1, 3]
        assert pruned[0].intermediate_values == {0: 9.0, 1: 8.0}
        assert len(searcher.told) == 4


def test_the_seed_in_the_middle_of_a_proposal():
    def seed(cost=None, rungs=()):
        status = "completed" if cost is not None else "stopped_early" if rungs else "diverged"
        return Outcome(0, 0, "", {}, "", status, cost, cost, rungs=tuple(rungs))

    early = STOPPED[:1]
    assert stopped_in_the_middle([seed(1.0), seed(rungs=STOPPED), seed()]) == STOPPED
    assert stopped_in_the_middle([seed(1.0), seed(2.0), seed(rungs=STOPPED)]) is None
    assert stopped_in_the_middle([seed(1.0), seed(), seed()]) is None
    assert stopped_in_the_middle([seed(rungs=early), seed(1.0), seed(rungs=STOPPED)]) == STOPPED


def test_confirmation_runs_are_never_stopped(make_space):
    space = make_space(confirmation={"seeds": 2}, early_stopping={"rule": "asha"}, trials=4)
    plan = StudyPlan(space, pin=lambda config: config)
    roles = []
    while (task := plan.propose()) is not None:
        roles.append((task.role, task.may_stop))
        plan.settle(ended(task, cost=1.0 + task.ask) if task.ask != 1 else ended(task, rungs=STOPPED))
    assert roles[:4] == [("search", True)] * 4
    assert set(roles[4:]) == {("confirmation", False)}
    assert plan.complete
    # A setting that was stopped stands for no level.
    assert 1 not in {outcome.ask for outcome in plan._confirmed.values()}


def test_rounds_wait_for_each_other_with_any_searcher(make_space):
    """A random search need not wait, but what its trials are compared with would depend on which is faster."""
    options = {"pin": lambda config: config, "deterministic": True}
    changes = {"searcher": {"name": "random", "scope": "across"}, "trials": 12}
    free = Plan(make_space(**changes), **options)
    assert len([free.propose() for _ in range(12)]) == 12
    plan = Plan(make_space(**changes, early_stopping={"rule": "asha"}), **options)
    first = [plan.propose() for _ in range(8)]
    assert plan.propose() is None
    for task in first:
        plan.settle(ended(task, cost=1.0))
    assert plan.propose().ask == 8
    assert (plan.round_start(3), plan.round_start(8)) == (0, 8)


def test_work_that_asks():
    asked = []

    def work(ask):
        for question in ("one", "two"):
            ask(question)
            asked.append(question)
        return "result"

    dialogue = Dialogue(work)
    assert dialogue.go_on() == "one"
    assert asked == []
    assert dialogue.go_on() == "two"
    assert asked == ["one"]
    assert dialogue.go_on() is None
    assert dialogue.result.result() == "result"


def test_an_error_of_work_that_asks_is_raised_where_its_result_is_wanted():
    def work(ask):
        raise SystemExit(3)

    dialogue = Dialogue(work)
    assert dialogue.go_on() is None
    with pytest.raises(SystemExit):
        dialogue.result.result()


def test_a_process_runs_a_trial_from_rung_to_rung(tmp_path):
    """The driver decides between two steps. A decision that is known already is not asked for."""
    actor = object.__new__(TrialActor)
    actor.common, actor.config = SimpleNamespace(gpus_per_trial=0, early_stopping=ASHA.to_json()), {"task": '{"may_stop": true}'}
    actor.dialogue, actor.there, actor.protocol = None, None, None

    def run(task, ask):
        ask(STOPPED[0])
        ask(STOPPED[1])
        return {"status": "stopped_early"}

    actor._run = run
    first, second, last = (actor.step() for _ in range(3))
    assert not first["done"]
    assert not second["done"]
    assert '"rung": 1' in second["rung"]
    assert last == {"done": True, "ended": {"status": "stopped_early"}}
    assert actor.dialogue is None
