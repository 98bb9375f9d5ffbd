"""A study from its first proposal to its last confirmation run: the search, and what follows once all of it has ended."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from landscape.analysis.confirmation_runs import CONFIRMATION
from landscape.analysis.matched import Design, Key
from landscape.config.trial_config import TrialConfig
from landscape.space.cells import Cell
from landscape.space.space import Space
from landscape.sweep.search.confirming import Confirming
from landscape.sweep.search.plan import Made, Outcome, Plan, Task


class StudyPlan:
    """Every task of a study in its order. Like the plan of the search, it is a function of the space and of the trials that ended.

    Args:
        space: the study.
        pin: fills in the content hash of a config's data, which its digest is taken of.
        outcomes: the trials that ended before, those of the confirmation among them.
        made: proposals of the search that were made before and whose trials have not ended.
        deterministic: proposals are made in rounds, from completed rounds only.
        confirm: whether anything follows the search.
    """

    def __init__(
        self,
        space: Space,
        *,
        pin: Callable[[TrialConfig], TrialConfig],
        outcomes: Iterable[Outcome] = (),
        made: Iterable[Made] = (),
        deterministic: bool = False,
        confirm: bool = True,
    ) -> None:
        known = list(outcomes)
        self.space, self.confirming = space, Confirming(space, pin) if confirm and space.confirmation.seeds else None
        self._search: dict[str, Outcome] = {o.digest: o for o in known if o.role != CONFIRMATION}
        self._confirmed: dict[str, Outcome] = {o.digest: o for o in known if o.role == CONFIRMATION}
        self.search = Plan(space, pin=pin, outcomes=self._search.values(), made=made, deterministic=deterministic)
        self._queue: deque[Task] = deque()
        self._wanted: dict[str, None] = {}
        """Digests of the confirmation runs of all stages so far."""
        self._stage = -1
        self._over = self.confirming is None
        self._design: tuple[Design, Mapping[Key, int]] | None = None

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the study."""
        return self.search.cells

    @property
    def searched(self) -> bool:
        """Whether the search has ended."""
        return self.search.finished >= self.search.trials

    @property
    def confirmations(self) -> int:
        """Confirmation runs: those that are known to be wanted; before the search has ended, at most so many (without further looks)."""
        if self._stage >= 0 or self.confirming is None:
            return len(self._wanted)
        return self.confirming.expected[0]

    @property
    def confirmed(self) -> int:
        """Confirmation runs that have ended, of those that are wanted."""
        return sum(digest in self._confirmed for digest in self._wanted)

    @property
    def trials(self) -> int:
        """Models that the study trains in all, as far as is known."""
        return self.search.trials + self.confirmations

    @property
    def finished(self) -> int:
        """Models that were trained."""
        return self.search.finished + self.confirmed

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do, as far as can be told without a running trial."""
        while self.searched and not self._over and not self._queue and self.confirmed == len(self._wanted):
            self._next_stage()
        return self.searched and self._over and not self._queue and self.confirmed == len(self._wanted)

    @property
    def exhausted(self) -> bool:
        """Every task was handed out, and the end of none of them can bring another."""
        return self.searched and not self._queue and self._over

    def propose(self) -> Task | None:
        """The next task; None where all were handed out, or where the next one waits for the end of others."""
        if not self.searched:
            return self.search.propose()
        while not self._queue and not self._over and self.confirmed == len(self._wanted):
            self._next_stage()
        return self._queue.popleft() if self._queue else None

    def settle(self, outcome: Outcome) -> None:
        """A task that was handed out has ended."""
        if outcome.role == CONFIRMATION:
            self._confirmed[outcome.digest] = outcome
            return
        self._search[outcome.digest] = outcome
        self.search.settle(outcome)

    def would_make(self, outcome: Outcome) -> bool:
        """Whether a trial is one of this study's. Confirmation runs are not asked: without a search they stand for nothing."""
        return outcome.role == CONFIRMATION or self.search.would_make(outcome)

    def has_place_for(self, outcome: Outcome) -> bool:
        """Whether the turn in which a trial was proposed is still that of its cell."""
        return outcome.role == CONFIRMATION or self.search.has_place_for(outcome)

    def _next_stage(self) -> None:
        """Queue the runs of the next look that have no record; note the end after the last look, or where no pair is open."""
        assert self.confirming is not None
        if self._design is None:
            wanted = {cell.id for cell in self.cells}
            inside = [o for o in self._search.values() if o.cell_id in wanted]
            self._design = self.confirming.design(inside)
        design, asks = self._design
        self._stage += 1
        if self._stage == 0:
            settings = list(design.settings)
        else:
            # A study that is resumed may have records of later seeds, which a run without interruption has not seen at this look.
            seen = self.confirming.looks[self._stage - 1]
            settings = self.confirming.still_open(design, [o for o in self._confirmed.values() if o.repeat < seen])
        tasks = self.confirming.tasks(design, asks, settings, self._stage)
        # Another thread may be counting: the dictionary is replaced, not changed.
        self._wanted = self._wanted | dict.fromkeys(task.digest for task in tasks)
        self._queue.extend(task for task in tasks if task.digest not in self._confirmed)
        self._over = not tasks or self._stage + 1 >= len(self.confirming.looks)
