"""search.log: the trials as an Optuna study on disk, for optuna-dashboard. Nothing is read back from it: the records are the truth."""

import contextlib
import os
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from landscape.results.trial_files import uncollected
from landscape.space.cells import Cell
from landscape.space.space import Space
from landscape.sweep.search.optuna_searchers import distribution
from landscape.sweep.search.plan import Outcome

LOG_FILE = "search.log"
STATES = {"completed": TrialState.COMPLETE}


class _StudyIsLocked:
    """The study's own lock already keeps other writers away, and is gone when its holder is."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        """Nothing is held."""


class SearchLog:
    """One Optuna study in `folder`, with the axes as categorical parameters. Brought in line with `outcomes` when opened."""

    def __init__(self, folder: Path, space: Space, outcomes: Iterable[Outcome]) -> None:
        self.path, self.space = folder / LOG_FILE, space
        self.cells = {cell.id: cell for cell in space.cells()}
        known = {o.digest: o for o in outcomes if o.cell_id in self.cells}
        logged = self._open()
        if not logged <= known.keys():
            # Trials that have no record (any more): write it anew.
            self.path.unlink(missing_ok=True)
            logged = self._open()
        for digest in sorted(known.keys() - logged, key=lambda d: known[d].ask):
            self.add(known[digest])

    def _open(self) -> set[str]:
        # Damaged, or of another version: it holds nothing that the records do not.
        with contextlib.suppress(Exception):
            if _ends_with_a_line(self.path):
                return self._load()
        self.path.unlink(missing_ok=True)
        return self._load()

    @uncollected()
    def _load(self) -> set[str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            storage = JournalStorage(JournalFileBackend(str(self.path), lock_obj=_StudyIsLocked()))  # type: ignore[arg-type]
        self.study = optuna.create_study(storage=storage, study_name=self.space.name, load_if_exists=True)
        return {str(t.user_attrs.get("digest")) for t in self.study.get_trials(deepcopy=False)}

    def add(self, outcome: Outcome) -> None:
        """A trial that has ended."""
        cell = self.cells.get(outcome.cell_id)
        if cell is not None:
            self.study.add_trial(self._trial(outcome, cell))

    def _trial(self, outcome: Outcome, cell: Cell) -> FrozenTrial:
        axes = {axis: CategoricalDistribution(tuple(labels)) for axis, labels in self.space.labels.items()}
        distributions: dict[str, BaseDistribution] = {**axes, **{n: distribution(p) for n, p in cell.parameters.items()}}
        params: Mapping[str, Any] = {**cell.labels, **outcome.assignment}
        finished = datetime.now(UTC).replace(tzinfo=None)
        scored = outcome.value is not None
        trial = optuna.trial.create_trial(
            state=TrialState.COMPLETE if scored else TrialState.FAIL,
            value=outcome.value,
            params=dict(params),
            distributions=distributions,
            user_attrs={"digest": outcome.digest, "status": outcome.status, "seconds": outcome.seconds, "ask": outcome.ask},
        )
        trial.datetime_start = trial.datetime_complete = finished
        return trial


def _ends_with_a_line(path: Path) -> bool:
    """Optuna adds the next line to a torn one, which nothing can read then."""
    if not path.exists():
        return True
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        if file.tell() == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
