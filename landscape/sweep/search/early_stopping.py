"""Decides at the rungs of trials whether they go on. The rules are Optuna's pruners. Each record says what was decided, and from what.

Nothing is remembered between two decisions but what trials have reached. A decision is a function of these figures.
"""

import statistics
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import optuna
from optuna.pruners import BasePruner, MedianPruner, SuccessiveHalvingPruner
from optuna.trial import FrozenTrial, TrialState

from landscape.results.record import Rung, Status
from landscape.space.settings import EarlyStopping

optuna.logging.set_verbosity(optuna.logging.WARNING)

STATES = {Status.COMPLETED.value: TrialState.COMPLETE, Status.STOPPED_EARLY.value: TrialState.PRUNED, "": TrialState.RUNNING}
"""Optuna's names of how trials ended, with an empty text for one that runs. Any other one has failed."""
SIMULATED, REPEATS = 200, 5
"""The most trials of one simulated search, and the number of searches, from which the expected work of a study is taken."""


def step_of(rung: int, reduction: int) -> int:
    """Return the step under which Optuna knows a rung. With the smallest resource 1, its successive halving has rungs at these steps."""
    return int(reduction**rung)


def pruner(how: EarlyStopping) -> BasePruner:
    """Return the rule as Optuna has it."""
    if how.rule == "asha":
        return SuccessiveHalvingPruner(min_resource=1, reduction_factor=how.reduction)
    return MedianPruner(n_startup_trials=how.startup)


def _empty_study(how: EarlyStopping) -> optuna.Study:
    return optuna.create_study(pruner=pruner(how), sampler=optuna.samplers.RandomSampler(seed=0))


def _would_stop(how: EarlyStopping, study: optuna.Study, costs: Mapping[int, float]) -> bool:
    """Return whether a new trial of `study` that has these costs at its rungs is stopped at the last one of them."""
    trial, stop = study.ask(), False
    for rung, cost in sorted(costs.items()):
        trial.report(cost, step_of(rung, how.reduction))
        # Optuna notes at each question that the trial has reached the rung.
        stop = trial.should_prune()
    return stop


@dataclass
class Course:
    """What a trial has reached so far."""

    ask: int
    """The number of its proposal."""
    group: Hashable
    """The search to which it belongs. Trials of different searches are not compared."""
    costs: Mapping[int, float] = field(default_factory=dict)
    """The cost at each rung."""
    ended: str = ""
    """The status with which it ended. The text is empty while it runs."""
    _frozen: FrozenTrial | None = None

    def learn(self, costs: Mapping[int, float], ended: str) -> None:
        """Take in what the trial has reached, and how it has ended, if it has."""
        self.costs, self.ended, self._frozen = {**self.costs, **costs}, ended or self.ended, None

    def frozen(self, how: EarlyStopping) -> FrozenTrial:
        """Return the trial as Optuna stores it."""
        self._frozen = self._frozen or self._made(how)
        return self._frozen

    def _made(self, how: EarlyStopping) -> FrozenTrial:
        study = _empty_study(how)
        _would_stop(how, study, self.costs)
        (known,) = study.get_trials(deepcopy=False)
        state = STATES.get(self.ended, TrialState.FAIL)
        return optuna.trial.create_trial(
            state=state,
            # The final cost is not compared with any other, but Optuna asks for one.
            value=max(self.costs.values(), default=0.0) if state is TrialState.COMPLETE else None,
            intermediate_values=dict(known.intermediate_values),
            system_attrs=dict(known.system_attrs),
        )


class Stopping:
    """What the trials of a search have reached, and the rule that stops them.

    Args:
        how: The rule.
        group_of: A function that returns the search to which a proposal belongs.
        before: A function that returns the number of the proposal from which on other trials are left out of a decision about a proposal,
            or None if every trial counts that has reached the rung. With rounds of proposals it is the first one of the round, so that
            decisions do not depend on which trial of a round is the first at a rung.
    """

    def __init__(self, how: EarlyStopping, group_of: Callable[[int], Hashable], before: Callable[[int], int | None]) -> None:
        self.how, self._group_of, self._before = how, group_of, before
        self._courses: dict[str, Course] = {}

    def learn(self, digest: str, ask: int, rungs: Iterable[Rung], ended: str = "") -> None:
        """Take in what a trial has reached, and how it has ended."""
        course = self._courses.setdefault(digest, Course(ask, self._group_of(ask)))
        course.learn({rung.rung: rung.cost for rung in rungs}, ended)

    def decide(self, digest: str, ask: int, here: Rung) -> Rung:
        """Return what a trial has reached with the decision whether it goes on."""
        self.learn(digest, ask, [here])
        own, limit = self._courses[digest], self._before(ask)
        others = [
            course
            for other, course in self._courses.items()
            if other != digest and course.group == own.group and (limit is None or course.ask < limit) and course.costs
        ]
        study = _empty_study(self.how)
        study.add_trials([course.frozen(self.how) for course in others])
        until = {rung: cost for rung, cost in own.costs.items() if rung <= here.rung}
        return replace(self._with_figures(here, others), rule=self.how.rule, stop=_would_stop(self.how, study, until))

    def _with_figures(self, here: Rung, others: Iterable[Course]) -> Rung:
        """Return what a trial has reached with the figures behind a decision, for the reader of the record."""
        there = [(course.costs[here.rung], course.ended) for course in others if here.rung in course.costs]
        if self.how.rule == "asha":
            return replace(here, rank=1 + sum(cost < here.cost for cost, _ in there), of=len(there) + 1)
        completed = [cost for cost, ended in there if ended == Status.COMPLETED]
        sign = -1.0 if here.cost != here.value else 1.0
        return replace(here, median=sign * statistics.median(completed) if completed else None, of=len(completed))


@lru_cache(maxsize=16)
def expected_shares(how: EarlyStopping, trials: int) -> tuple[float, ...]:
    """Return which share of the trials of a search is expected to reach each rung, and, as the last number, its end.

    They are means over simulated searches whose trials come in random order, one at a time, and have the same order at every rung. A
    search of more than 200 trials is taken for one of 200.

    Args:
        how: The rule.
        trials: The number of trials that are compared with each other.
    """
    count, rng = min(trials, SIMULATED), np.random.default_rng(0)
    reached = np.zeros(len(how.shares) + 1)
    for _ in range(REPEATS):
        study = _empty_study(how)
        for cost in rng.random(count):
            trial, rung = study.ask(), 0
            while rung < len(how.shares):
                reached[rung] += 1
                trial.report(float(cost), step_of(rung, how.reduction))
                if trial.should_prune():
                    break
                rung += 1
            whole = rung == len(how.shares)
            reached[-1] += whole
            study.tell(trial, float(cost) if whole else None, state=TrialState.COMPLETE if whole else TrialState.PRUNED)
    return tuple(float(found) for found in reached / (REPEATS * max(count, 1)))


def expected_work(how: EarlyStopping, trials: int) -> float:
    """Return the share of the steps of a search that is expected with the rule: 1 without any stop."""
    ends = (*how.shares, 1.0)
    parts = [end - begin for begin, end in zip((0.0, *how.shares), ends, strict=True)]
    # Every trial trains up to the first rung. What follows a rung is trained by those that reach the next one or the end.
    return sum(part * share for part, share in zip(parts, expected_shares(how, trials), strict=True))
