"""Which trial comes next: every cell gets its turn, proposals come from the searchers, and what was run is never run again.

Everything here is a function of the space and of the trials that ended: there is no state to save. After an interruption the same
steps are gone through again, with the recorded proposals in the place of new ones.
"""

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from landscape.analysis.confirmation_runs import SEARCH
from landscape.config.trial_config import TrialConfig
from landscape.space.cells import Cell
from landscape.space.search_range import Assignment
from landscape.space.space import MODEL_BASED, Space
from landscape.sweep.search.make_searcher import make_searcher
from landscape.sweep.search.searcher import Searcher, generator

DETERMINISTIC_ROUND = 8
"""Proposals made from the same completed rounds where the study names no batch: enough to keep a few workers busy."""
SHUFFLE, PER_CELL = 1, 2
"""Keep apart the random numbers of different uses of one seed."""


@dataclass(frozen=True)
class Task:
    """One model to train."""

    ask: int
    """Number of the proposal in the study."""
    repeat: int
    """Which of the proposal's seeds, from 0."""
    cell: Cell
    assignment: Assignment
    config: TrialConfig
    digest: str
    """Identity of the trial, name of its folder."""
    role: str = SEARCH
    """`search`, or `confirmation`: the setting of proposal `ask`, trained once more with fresh seed number `repeat`."""
    confirms: tuple[str, ...] = ()
    """The levels (`loss=hinge`) that a confirmation run stands for."""

    @property
    def study(self) -> dict[str, object]:
        """Where the trial stands in its study: what its record holds of it."""
        return {
            "cell": dict(self.cell.labels),
            "cell_id": self.cell.id,
            "ask": self.ask,
            "repeat": self.repeat,
            "role": self.role,
            "assignment": dict(self.assignment),
        } | ({"confirms": list(self.confirms)} if self.confirms else {})


@dataclass(frozen=True)
class Outcome:
    """A trial that ended, as the search sees it."""

    ask: int
    repeat: int
    cell_id: str
    assignment: Assignment
    digest: str
    status: str
    value: float | None = None
    """The objective; None where the trial has none."""
    cost: float | None = None
    """The objective as a searcher minimizes it: lower is better, and a Frechet distance is in log. None where the trial has no score."""
    seconds: float = 0.0
    """Training and evaluation together."""
    role: str = SEARCH
    reported: float | None = None
    """The objective on the samples of the report, lower is better and not in log; None where the trial has no score."""
    shown: float | None = None
    """The same as a reader sees it: with the sign and the direction of the score."""
    times: tuple[str, str] = ("", "")
    """When the trial began and ended: UTC, ISO 8601; empty where its record does not say."""
    during: tuple[tuple[float, float], ...] = ()
    """(D step, objective) points that were measured while it was trained."""


@dataclass(frozen=True)
class Made:
    """A proposal that was made before an interruption, whether or not its trials ended."""

    ask: int
    repeat: int
    assignment: Assignment


@dataclass
class _Group:
    """Proposals that one searcher makes: those of a cell, or of the whole study."""

    searcher: Searcher
    order: list[int] = field(default_factory=list)
    """Asks in the order in which they were made."""
    told: int = 0


class Plan:
    """Proposals in their order, and what the searchers are told.

    Args:
        space: the study.
        pin: fills in the content hash of a config's data, which its digest is taken of.
        outcomes: the trials that ended before.
        made: proposals that were made before and whose trials have not ended.
        deterministic: proposals are made in rounds, from completed rounds only, so that they do not depend on which trial ends first.
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
        self._groups: dict[int, _Group] = {}
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
        """Models that the study trains in all."""
        return self.asks * self.space.seeds

    @property
    def exhausted(self) -> bool:
        """Every task was handed out."""
        return self._next >= self.asks and not self._ready

    def propose(self) -> Task | None:
        """The next task; None where all were handed out, or where the next one waits for the end of others."""
        while not self._ready:
            if self._next >= self.asks or not self._may_ask(self._next):
                return None
            self._ready = self._tasks_of(self._next)
            self._next += 1
        return self._ready.pop(0)

    def settle(self, outcome: Outcome) -> None:
        """A task that was handed out has ended."""
        repeats = self._ended.setdefault(outcome.ask, {})
        self.finished += outcome.repeat not in repeats
        repeats[outcome.repeat] = outcome
        self._by_digest[outcome.digest] = outcome
        self._tell(outcome.ask)

    def would_make(self, outcome: Outcome) -> bool:
        """Whether a trial is one of this plan's: of one of its cells, with the digest that its proposal has there."""
        cell = next((cell for cell in self.cells if cell.id == outcome.cell_id), None)
        if cell is None:
            return False
        return self._config(cell, outcome.assignment, outcome.ask, outcome.repeat).digest() == outcome.digest

    def has_place_for(self, outcome: Outcome) -> bool:
        """Whether the turn in which a trial was proposed is still that of its cell: turns go by the number of cells."""
        return self.cells[self.cell_of(outcome.ask)].id == outcome.cell_id

    def _config(self, cell: Cell, assignment: Assignment, ask: int, repeat: int) -> TrialConfig:
        seed = (self.space.seed + ask * self.space.seeds + repeat) % 2**31
        return self._pin(cell.config(assignment, seed=seed))

    def cell_of(self, ask: int) -> int:
        """Index of the cell whose turn it is: all cells in turn, in an order that is drawn anew for each lap."""
        lap, position = divmod(ask, len(self.cells))
        if lap not in self._orders:
            # Only the laps under way are kept.
            self._orders = {k: v for k, v in self._orders.items() if k > lap - 3}
            self._orders[lap] = [int(i) for i in generator(self.space.seed, SHUFFLE, lap).permutation(len(self.cells))]
        return self._orders[lap][position]

    def _group(self, ask: int) -> _Group:
        key = -1 if self._across else self.cell_of(ask)
        if key not in self._groups:
            seed = int(generator(self.space.seed, PER_CELL, key + 1).integers(2**31))
            self._groups[key] = _Group(make_searcher(self.space.searcher, seed))
        return self._groups[key]

    def _may_ask(self, ask: int) -> bool:
        """Whether the scores that this proposal is made from are there."""
        group = self._group(ask)
        position = len(group.order)
        if self.space.searcher.name not in MODEL_BASED:
            return True
        if self._round:
            return group.told >= position - position % self._round
        # A model of next to nothing is worse than none: half of the random proposals must have ended before the first that is not.
        return position < self.space.searcher.startup or group.told >= math.ceil(self.space.searcher.startup / 2)

    def _tasks_of(self, ask: int) -> list[Task]:
        group, cell, lap = self._group(ask), self.cells[self.cell_of(ask)], ask // len(self.cells)
        if ask in self._made:
            assignment = self._made[ask]
            group.searcher.replay(ask, assignment, cell.parameters)
        else:
            assignment = group.searcher.ask(ask, lap, cell.parameters)
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
                tasks.append(Task(ask, repeat, cell, assignment, config, digest))
        self._tell(ask)
        return tasks

    def _whole(self, ask: int) -> bool:
        return len(self._ended.get(ask, {})) >= self.space.seeds

    def _tell(self, ask: int) -> None:
        """Tell the searcher what can be told: in rounds, once a round is complete, in the order of its proposals."""
        group = self._group(ask)
        if not self._round:
            if self._whole(ask) and ask in group.searcher.pending:
                self._tell_one(group, ask)
            return
        while len(current := group.order[group.told : group.told + self._round]) == self._round and all(map(self._whole, current)):
            for done in current:
                self._tell_one(group, done)

    def _tell_one(self, group: _Group, ask: int) -> None:
        middle = statistics.median(math.inf if o.cost is None else o.cost for o in self._ended[ask].values())
        group.searcher.tell(ask, middle if math.isfinite(middle) else None)
        group.told += 1
