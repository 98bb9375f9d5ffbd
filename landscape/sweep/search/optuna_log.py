"""Writes search.log, the trials as an Optuna study on disk, for optuna-dashboard. A sweep never learns anything from it."""

import contextlib
import math
import os
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from landscape.results.record import Status
from landscape.results.trial_files import uncollected
from landscape.space.cells import Cell
from landscape.space.space import Space
from landscape.sweep.search.optuna_searchers import distribution
from landscape.sweep.search.plan import Outcome

LOG_FILE = "search.log"
Direction = Literal["minimize", "maximize"]


class _StudyIsLocked:
    """A lock that does nothing: the study's own lock already keeps other writers away, and it goes when its holder ends."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        """Do nothing, because nothing is held."""


class SearchLog:
    """One Optuna study in `folder`, with the axes as categorical parameters. Opening it brings it in line with `outcomes`."""

    def __init__(self, folder: Path, space: Space, outcomes: Iterable[Outcome]) -> None:
        self.path, self.space = folder / LOG_FILE, space
        self.cells = {cell.id: cell for cell in space.cells()}
        known = {o.digest: o for o in outcomes if o.cell_id in self.cells}
        self.direction: Direction = _direction(known.values()) or "minimize"
        logged = self._open()
        if not logged <= known.keys():
            # The log has trials that have no record, so it is written anew.
            self.path.unlink(missing_ok=True)
            logged = self._open()
        for digest in sorted(known.keys() - logged, key=lambda d: known[d].ask):
            self.add(known[digest])

    def _open(self) -> set[str]:
        # A log that is damaged or of another version is dropped, because the records hold everything that it holds.
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
        self.study = optuna.create_study(storage=storage, study_name=self.space.name, direction=self.direction, load_if_exists=True)
        if "axes" not in self.study.user_attrs:
            for name, value in self._attributes().items():
                self.study.set_user_attr(name, value)
        return {str(t.user_attrs.get("digest")) for t in self.study.get_trials(deepcopy=False)}

    def _attributes(self) -> dict[str, Any]:
        """What the study is, for a reader of the dashboard."""
        labels = {axis: list(names) for axis, names in self.space.labels.items()}
        return {"axes": labels, "protocol": self.space.protocol.name, "objective": self.space.protocol.objective, "cells": len(self.cells)}

    def add(self, outcome: Outcome) -> None:
        """Add a trial that has ended."""
        cell = self.cells.get(outcome.cell_id)
        if cell is None:
            return
        seen = _direction([outcome])
        if seen is not None and self.study.direction.name.lower() != seen:
            self._turn(seen)
        self.study.add_trial(self._trial(outcome, cell))

    def _turn(self, direction: Direction) -> None:
        """Optuna fixes a study's direction when it is made, before the first score says which one it is: make it anew."""
        trials = self.study.get_trials(deepcopy=False)
        self.path.unlink(missing_ok=True)
        self.direction = direction
        self._load()
        for trial in trials:
            self.study.add_trial(trial)

    def _trial(self, outcome: Outcome, cell: Cell) -> FrozenTrial:
        axes = {axis: CategoricalDistribution(tuple(labels)) for axis, labels in self.space.labels.items()}
        distributions: dict[str, BaseDistribution] = {**axes, **{n: distribution(p) for n, p in cell.parameters.items()}}
        params: Mapping[str, Any] = {**cell.labels, **outcome.assignment}
        stopped = outcome.status == Status.STOPPED_EARLY and bool(outcome.rungs)
        value = outcome.rungs[-1].value if stopped else outcome.value
        ended = TrialState.PRUNED if stopped else TrialState.FAIL if value is None else TrialState.COMPLETE
        measured = [(rung.d_steps, rung.value) for rung in outcome.rungs] or outcome.during
        trial = optuna.trial.create_trial(
            state=ended,
            value=value,
            params=dict(params),
            distributions=distributions,
            intermediate_values={int(step): value for step, value in measured if math.isfinite(value)},
            user_attrs={"digest": outcome.digest, "status": outcome.status, "seconds": outcome.seconds, "ask": outcome.ask},
        )
        began, complete = (_local(text) for text in outcome.times)
        trial.datetime_complete = complete or trial.datetime_complete
        trial.datetime_start = began or trial.datetime_complete
        return trial


def _direction(outcomes: Iterable[Outcome]) -> Direction | None:
    """`maximize` where a cost is the negative of its score; None where no outcome tells."""
    telling = [o for o in outcomes if o.cost is not None and o.value]
    if not telling:
        return None
    return "maximize" if any(o.value is not None and o.cost == -o.value for o in telling) else "minimize"


def _local(text: str) -> datetime | None:
    """A time of a record as Optuna writes times: in the machine's zone, without naming it. None where the record has none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone().replace(tzinfo=None)


def _ends_with_a_line(path: Path) -> bool:
    """Whether the file is empty or ends with a whole line. Optuna would append to a torn line, which nothing could read then."""
    if not path.exists():
        return True
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        if file.tell() == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
