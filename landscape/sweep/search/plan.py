"""Decides which trial comes next. Every cell gets its turn, the searchers make the proposals, and no trial is run twice.

Everything here is a function of the space and of the trials that ended, so there is no state to save. After an interruption the plan goes
through the same steps again and uses the recorded proposals instead of new ones.
"""

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from landscape.analysis.confirmation_runs import SEARCH
from landscape.config.trial_config import TrialConfig
from landscape.results.record import Estimate, Rung, Status
from landscape.space.cells import Cell
from landscape.space.first_settings import first_of
from landscape.space.search_range import Assignment
from landscape.space.space import MODEL_BASED, Space
from landscape.sweep.search.make_searcher import make_searcher
from landscape.sweep.search.searcher import Searcher, generator

DETERMINISTIC_ROUND = 8
"""The number of proposals in a round if the study names no batch. It is large enough to keep a few workers busy."""
SHUFFLE, PER_CELL = 1, 2
"""Numbers that separate the random numbers of different uses of one seed."""


@dataclass(frozen=True)
class Task:
    """One model to train."""

    ask: int
    """The number of the proposal in the study."""
    repeat: int
    """The number of the seed among those of the proposal, counted from 0."""
    cell: Cell
    assignment: Assignment
    config: TrialConfig
    digest: str
    """The identity of the trial, which is also the name of its folder."""
    role: str = SEARCH
    """Either `search` or `confirmation`. A confirmation trains the setting of proposal `ask` again, with fresh seed number `repeat`."""
    confirms: tuple[str, ...] = ()
    """The levels (`loss=hinge`) that a confirmation run stands for."""
    search: int = 0
    """The number of the search in its cell that made the proposal, counted from 0."""
    screening: int = 0
    """The number of samples by which the trial is scored in the first of two stages. With 0 the whole protocol scores it."""
    may_stop: bool = False
    """Whether the trial has rungs at which it may be stopped early."""
    again: bool = False
    """Whether the trial is trained, and the whole protocol scores it in the second stage."""

    @property
    def study(self) -> dict[str, object]:
        """The place of the trial in its study, as its record holds it."""
        return {
            "cell": dict(self.cell.labels),
            "cell_id": self.cell.id,
            "ask": self.ask,
            "repeat": self.repeat,
            "role": self.role,
            "assignment": dict(self.assignment),
        } | {name: found for name, found in (("search", self.search), ("confirms", list(self.confirms))) if found}


@dataclass(frozen=True)
class Outcome:
    """A trial that has ended, as the search sees it."""

    ask: int
    repeat: int
    cell_id: str
    assignment: Assignment
    digest: str
    status: str
    value: float | None = None
    """The objective. It is None if the trial has none."""
    cost: float | None = None
    """The objective as a searcher minimizes it. Lower is better, and a score on a log scale is in log. It is None without a score."""
    seconds: float = 0.0
    """The time of training and evaluation together."""
    role: str = SEARCH
    second_cost: float | None = None
    """The second objective as a searcher minimizes it. It is None if the study has none or the trial has no score."""
    reported: float | None = None
    """The objective on the samples of the report. Lower is better, and it is not in log. It is None without a score."""
    shown: float | None = None
    """The same value with the sign and the direction that the score has for a reader."""
    times: tuple[str, str] = ("", "")
    """When the trial began and ended, in UTC and ISO 8601. The texts are empty if the record does not say."""
    during: tuple[tuple[float, float], ...] = ()
    """The points (D step, objective) that were measured during the training."""
    screened: Estimate | None = None
    """The objective of few samples, if the study scores in two stages. `value` and `cost` are then its, and `shown` is its report."""
    rungs: tuple[Rung, ...] = ()
    """What was reached and decided on the way, if trials may be stopped early."""
    selected: float | None = None
    """The cost of the whole protocol in such a study, by which settings are confirmed. None for a trial that was screened out."""


@dataclass(frozen=True)
class Made:
    """A proposal that was made before an interruption, whether or not its trials have ended."""

    ask: int
    repeat: int
    assignment: Assignment


@dataclass
class _Group:
    """The proposals that one searcher makes, which are those of a cell or of the whole study."""

    searcher: Searcher
    order: list[int] = field(default_factory=list)
    """The numbers of the proposals in the order in which they were made."""
    told: int = 0


class Plan:
    """The proposals of a search in their order, and what the searchers are told of their trials.

    Args:
        space: The study.
        pin: A function that fills in the content hash of a configuration's data, which is part of its digest.
        outcomes: The trials that ended before.
        made: The proposals that were made before and whose trials have not ended.
        deterministic: Whether proposals are made in rounds, from completed rounds only. They then do not depend on which trial ends first.
    """

    def __init__(
        self,
        space: Space,
        *,
        pin: Callable[[TrialConfig], TrialConfig],
        outcomes: Iterable[Outcome] = (),
        made: Iterable[Made] = (),
        deterministic: bool = False,
    ) -> None:
        self.space, self.cells = space, space.cells()
        self._pin = pin
        self.asks = space.asks_per_cell(len(self.cells)) * len(self.cells)
        self._across = space.searcher.scope == "across"
        self._round = space.batch or (self._default_round() if deterministic else None)
        self._groups: dict[tuple[int, int], _Group] = {}
        self._ended: dict[int, dict[int, Outcome]] = {}
        self._by_digest: dict[str, Outcome] = {}
        self._made: dict[int, Assignment] = {}
        for outcome in sorted(outcomes, key=lambda o: (o.ask, o.repeat, o.digest)):
            self._by_digest[outcome.digest] = outcome
            self._ended.setdefault(outcome.ask, {}).setdefault(outcome.repeat, outcome)
            self._made.setdefault(outcome.ask, outcome.assignment)
        for proposal in sorted(made, key=lambda m: (m.ask, m.repeat)):
            self._made.setdefault(proposal.ask, proposal.assignment)
        self._next, self._ready = 0, list[Task]()
        self._orders: dict[int, list[int]] = {}
        self.finished = sum(len(self._ended.get(a, {})) for a in range(self.asks))

    def _default_round(self) -> int:
        return DETERMINISTIC_ROUND if self._across else -(-DETERMINISTIC_ROUND // len(self.cells))

    @property
    def trials(self) -> int:
        """The number of models that the search trains."""
        return self.asks * self.space.seeds

    @property
    def exhausted(self) -> bool:
        """Whether every task was handed out."""
        return self._next >= self.asks and not self._ready

    def propose(self) -> Task | None:
        """Return the next task. It is None if all were handed out, or if the next one waits for the end of others."""
        while not self._ready:
            if self._next >= self.asks or not self._may_ask(self._next):
                return None
            self._ready = self._tasks_of(self._next)
            self._next += 1
        return self._ready.pop(0)

    def settle(self, outcome: Outcome) -> None:
        """Take in the end of a task that was handed out."""
        repeats = self._ended.setdefault(outcome.ask, {})
        self.finished += outcome.repeat not in repeats
        repeats[outcome.repeat] = outcome
        self._by_digest[outcome.digest] = outcome
        self._tell(outcome.ask)

    def would_make(self, outcome: Outcome) -> bool:
        """Return whether a trial belongs to this plan, because its cell is one of the plan and its proposal gives its digest."""
        cell = next((cell for cell in self.cells if cell.id == outcome.cell_id), None)
        if cell is None:
            return False
        return self._config(cell, outcome.assignment, outcome.ask, outcome.repeat).digest() == outcome.digest

    def has_place_for(self, outcome: Outcome) -> bool:
        """Return whether the trial's proposal still falls in a turn of its cell. The turns change when the number of cells changes."""
        return self.cells[self.cell_of(outcome.ask)].id == outcome.cell_id

    def _config(self, cell: Cell, assignment: Assignment, ask: int, repeat: int) -> TrialConfig:
        seed = (self.space.seed + ask * self.space.seeds + repeat) % 2**31
        return self._pin(cell.config(assignment, seed=seed))

    def again(self, outcome: Outcome) -> Task:
        """Return the task of scoring a trained trial by the whole protocol."""
        cell = next(cell for cell in self.cells if cell.id == outcome.cell_id)
        config = self._config(cell, outcome.assignment, outcome.ask, outcome.repeat)
        search = self.search_of(outcome.ask)
        return Task(outcome.ask, outcome.repeat, cell, outcome.assignment, config, outcome.digest, search=search, again=True)

    def cell_of(self, ask: int) -> int:
        """Return the index of the cell whose turn it is. All cells take turns, in an order that is drawn anew for each lap."""
        lap, position = divmod(ask, len(self.cells))
        if (order := self._orders.get(lap)) is None:
            order = [int(i) for i in generator(self.space.seed, SHUFFLE, lap).permutation(len(self.cells))]
            # Only the orders of the latest laps are kept. The dictionary is replaced and not changed, because two threads read it.
            self._orders = {k: v for k, v in self._orders.items() if k > lap - 3} | {lap: order}
        return order[position]

    def search_of(self, ask: int) -> int:
        """Return the number of the search in its cell that a proposal belongs to. Several searches have the laps in turn."""
        return ask // len(self.cells) % self.space.searches

    def group_of(self, ask: int) -> tuple[int, int]:
        """Return the index of a proposal's cell, or -1 if one searcher proposes for all cells, and the number of its search."""
        return -1 if self._across else self.cell_of(ask), self.search_of(ask)

    def round_start(self, ask: int) -> int | None:
        """Return the first proposal of the round of a proposal that was made. It is None if proposals are not made in rounds."""
        if not self._round:
            return None
        order = self._group(ask).order
        position = order.index(ask)
        return order[position - position % self._round]

    def _group(self, ask: int) -> _Group:
        key = place, search = self.group_of(ask)
        if key not in self._groups:
            # Matched cells share one seed, as if one searcher proposed for all of them.
            drawn = -1 if self.space.searcher.matched else place
            seed = int(generator(self.space.seed, PER_CELL, drawn + 1, *([search] if search else [])).integers(2**31))
            self._groups[key] = _Group(make_searcher(self.space.searcher, seed))
        return self._groups[key]

    def _may_ask(self, ask: int) -> bool:
        """Return whether the scores are known from which this proposal is made."""
        group = self._group(ask)
        position = len(group.order)
        # In rounds, a trial is stopped early by what the rounds before have reached, so that it waits for their end with any searcher.
        waits = bool(self._round and self.space.early_stopping)
        if self.space.searcher.name not in MODEL_BASED and not waits:
            return True
        if self._round:
            return group.told >= position - position % self._round
        # A model of very few scores is worse than none, so half of the random proposals must have ended before the first modeled one.
        return position < self.space.searcher.startup or group.told >= math.ceil(self.space.searcher.startup / 2)

    def _tasks_of(self, ask: int) -> list[Task]:
        group, cell, lap = self._group(ask), self.cells[self.cell_of(ask)], ask // len(self.cells)
        index, first = lap // self.space.searches, first_of(self.space.first, cell)
        if ask in self._made or index < len(first):
            assignment = self._made[ask] if ask in self._made else first[index]
            group.searcher.replay(ask, assignment, cell.parameters)
        else:
            assignment = group.searcher.ask(ask, index, cell.parameters)
        group.order.append(ask)
        tasks = []
        for repeat in range(self.space.seeds):
            ended = self._ended.setdefault(ask, {})
            if repeat in ended:
                continue
            config = self._config(cell, assignment, ask, repeat)
            digest = config.digest()
            if (known := self._by_digest.get(digest)) is not None:
                ended[repeat] = known
                self.finished += 1
            else:
                few = self.space.screening.n_fake if self.space.screening else 0
                how: dict[str, Any] = {"screening": few, "may_stop": self.space.early_stopping is not None}
                tasks.append(Task(ask, repeat, cell, assignment, config, digest, search=self.search_of(ask), **how))
        self._tell(ask)
        return tasks

    def _whole(self, ask: int) -> bool:
        return len(self._ended.get(ask, {})) >= self.space.seeds

    def _tell(self, ask: int) -> None:
        """Tell the searcher the costs that it may know. With rounds, it learns of a round when all of its trials have ended."""
        group = self._group(ask)
        if not self._round:
            if self._whole(ask) and ask in group.searcher.pending:
                self._tell_one(group, ask)
            return
        while len(current := group.order[group.told : group.told + self._round]) == self._round and all(map(self._whole, current)):
            for done in current:
                self._tell_one(group, done)

    def _tell_one(self, group: _Group, ask: int) -> None:
        ended = self._ended[ask].values()
        group.told += 1
        if (stopped := stopped_in_the_middle(ended)) is not None:
            group.searcher.stopped(ask, stopped)
            return
        costs = [_middle(o.cost for o in ended)]
        if self.space.protocol.second_objective:
            costs.append(_middle(o.second_cost for o in ended))
        group.searcher.tell(ask, *(costs if None not in costs else [None] * len(costs)))


def _middle(costs: Iterable[float | None]) -> float | None:
    """Return the median over the seeds of a proposal. Seeds without a score are the worst, and the median is None if it falls on one."""
    middle = statistics.median(math.inf if cost is None else cost for cost in costs)
    return middle if math.isfinite(middle) else None


def stopped_in_the_middle(seeds: Iterable[Outcome]) -> tuple[Rung, ...] | None:
    """Return what the seed in the middle of a proposal has reached if it was stopped early, and otherwise None.

    The order of the seeds is: those with a score, the best first; those that were stopped, the last stopped first; those without any
    score. Of an even number the later one of the two in the middle counts, as a median with a missing score is missing.
    """

    def place(o: Outcome) -> tuple[float, ...]:
        if o.cost is not None:
            return 0, o.cost
        return (1, -o.rungs[-1].rung, o.rungs[-1].cost) if o.status == Status.STOPPED_EARLY and o.rungs else (2,)

    middle = (order := sorted(seeds, key=place))[len(order) // 2]
    return middle.rungs if place(middle)[0] == 1 else None
