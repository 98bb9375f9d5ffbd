"""The plan of a whole study: the search, and the confirmation that begins when all of the search has ended.

If the study scores in two stages, the whole protocol scores the finalists of the search between the two.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from landscape.analysis.confirmation_runs import CONFIRMATION
from landscape.analysis.matched import Design, Key, key_of
from landscape.analysis.screening import Screened, finalists
from landscape.config.trial_config import TrialConfig
from landscape.space.cells import Cell
from landscape.space.space import Space
from landscape.sweep.search.confirming import Confirming
from landscape.sweep.search.plan import Made, Outcome, Plan, Task


class StudyPlan:
    """All tasks of a study in their order. Like the plan of the search, it is a function of the space and of the trials that ended.

    Args:
        space: The study.
        pin: A function that fills in the content hash of a configuration's data, which is part of its digest.
        outcomes: The trials that ended before, including those of the confirmation.
        made: The proposals of the search that were made before and whose trials have not ended.
        deterministic: Whether proposals are made in rounds, from completed rounds only.
        confirm: Whether a confirmation follows the search.
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
        """The digests of the confirmation runs of all stages so far, as keys in their order."""
        self._stage = -1
        self._over = self.confirming is None
        self._design: tuple[Design, Mapping[Key, int]] | None = None
        self._finals: set[str] | None = set() if space.screening is None else None
        """The finalists that are not scored by the whole protocol yet. It is None until the search has ended."""

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
        """The number of confirmation runs that are wanted. Before the search has ended, it is the most that the first look may need."""
        if self._stage >= 0 or self.confirming is None:
            return len(self._wanted)
        return self.confirming.expected[0]

    @property
    def confirmed(self) -> int:
        """The number of wanted confirmation runs that have ended."""
        return sum(digest in self._confirmed for digest in self._wanted)

    @property
    def trials(self) -> int:
        """The number of models that the study trains, as far as is known."""
        return self.search.trials + self.confirmations

    @property
    def finished(self) -> int:
        """The number of models that were trained."""
        return self.search.finished + self.confirmed

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do, judged by the trials that have ended."""
        self._advance()
        return self.searched and not self._finals and self._over and not self._queue and self.confirmed == len(self._wanted)

    @property
    def exhausted(self) -> bool:
        """Whether every task was handed out, and no trial that ends can lead to another task."""
        return self.searched and self._finals is not None and not self._finals and not self._queue and self._over

    def propose(self) -> Task | None:
        """Return the next task. It is None if all were handed out, or if the next one waits for the end of others."""
        if not self.searched:
            return self.search.propose()
        self._advance()
        return self._queue.popleft() if self._queue else None

    def _advance(self) -> None:
        """Queue the next tasks if the search and all tasks before them have ended."""
        if self.searched and self._finals is None:
            self._begin_finals()
        while self.searched and not self._finals and not self._over and not self._queue and self.confirmed == len(self._wanted):
            self._next_stage()

    def _begin_finals(self) -> None:
        """Queue the finalists of the search that the whole protocol has not scored yet."""
        cells = {cell.id: cell for cell in self.cells}
        known = [o for o in self._search.values() if o.cell_id in cells]
        trials = [Screened(o.digest, key_of(o.cell_id, o.assignment), cells[o.cell_id].labels, o.screened) for o in known]
        how, axes = self.space.confirmation, tuple(self.space.axes)
        kept = finalists(trials, axes, self.space.protocol.objective, confirmed=how.axes, cells=how.cells)
        wanted = [o for o in sorted(known, key=lambda o: (o.ask, o.repeat)) if o.digest in kept and o.selected is None]
        self._finals = {o.digest for o in wanted}
        self._queue.extend(self.search.again(o) for o in wanted)

    def settle(self, outcome: Outcome) -> None:
        """Take in the end of a task that was handed out."""
        if outcome.role == CONFIRMATION:
            self._confirmed[outcome.digest] = outcome
            return
        self._search[outcome.digest] = outcome
        if self._finals is None or outcome.digest not in self._finals:
            self.search.settle(outcome)
            return
        # A finalist whose scoring failed is left out. The next run of the study tries it again.
        self._finals.discard(outcome.digest)

    def would_make(self, outcome: Outcome) -> bool:
        """Return whether a trial belongs to this study. Confirmation runs are not checked, because without a search they have no effect."""
        return outcome.role == CONFIRMATION or self.search.would_make(outcome)

    def has_place_for(self, outcome: Outcome) -> bool:
        """Return whether the trial's proposal still falls in a turn of its cell."""
        return outcome.role == CONFIRMATION or self.search.has_place_for(outcome)

    def _next_stage(self) -> None:
        """Queue those runs of the next look that have no record. Note the end after the last look, and if no pair is open."""
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
        # The dictionary is replaced and not changed, because another thread may be counting it.
        self._wanted = self._wanted | dict.fromkeys(task.digest for task in tasks)
        self._queue.extend(task for task in tasks if task.digest not in self._confirmed)
        self._over = not tasks or self._stage + 1 >= len(self.confirming.looks)
