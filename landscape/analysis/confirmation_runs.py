"""The trials of a study as the answer needs them: those of the search, and the confirmation runs of each setting by seed."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from landscape.analysis.answer import Effort
from landscape.analysis.matched import Key, Searched, Value, key_of
from landscape.analysis.objective import modeled, objective
from landscape.results.record import Status
from landscape.results.score_names import SCREENING
from landscape.results.trial_files import Trial

SEARCH, CONFIRMATION = "search", "confirmation"


@dataclass(frozen=True)
class Run:
    """One confirmation run."""

    digest: str
    setting: str
    order: tuple[int, int]
    """The number of the seed in the study, and the seed. Runs of different settings with the same order are paired."""
    cost: float
    """The reported score as a cost. Lower is better, and it is +inf if the run diverged."""
    seconds: float


@dataclass(frozen=True)
class Confirmed:
    """The runs of one setting."""

    key: Key
    labels: Mapping[str, str]
    assignment: Mapping[str, Any]
    runs: Mapping[tuple[int, int], Run]
    """The runs by their `order`."""

    @property
    def costs(self) -> list[float]:
        """The costs in the order of seeds."""
        return [self.runs[order].cost for order in sorted(self.runs)]

    @property
    def diverged(self) -> int:
        return sum(math.isinf(run.cost) for run in self.runs.values())

    @property
    def effort(self) -> Effort:
        return Effort(len(self.runs), sum(run.seconds for run in self.runs.values()))


def setting_of(trial: Trial) -> tuple[str, dict[str, Value]]:
    """Return the cell and the assignment of a trial. If a record does not hold what was proposed, its setting digest takes that place."""
    place = trial.record.study
    assignment = place.get("assignment")
    known = dict(assignment) if isinstance(assignment, Mapping) else {"setting": trial.record.setting_digest}
    return str(place.get("cell_id", "")), known


def labels_of(trial: Trial) -> dict[str, str]:
    """Return the level of a trial on each axis."""
    cell = trial.record.study.get("cell")
    return {str(axis): str(level) for axis, level in cell.items()} if isinstance(cell, Mapping) else {}


def role_of(trial: Trial) -> str:
    """Return what a trial was run for."""
    return str(trial.record.study.get("role", SEARCH))


def searched(trials: Iterable[Trial], protocol: str, name: str, axes: Iterable[str]) -> list[Searched]:
    """Return the trials of the search with their selection scores, as the sweep saw them.

    Trials outside the axes of the study are left out.
    """
    wanted = set(axes)
    found = []
    for trial in trials:
        if role_of(trial) != SEARCH or set(labels := labels_of(trial)) != wanted:
            continue
        completed = trial.record.status is Status.COMPLETED
        estimates = [objective(trial.scores, of, name) if completed else None for of in (protocol, protocol + SCREENING)]
        cell_id, assignment = setting_of(trial)
        ask = trial.record.study.get("ask")
        costs = [modeled(e, name) if e and e.direction != "none" else math.inf for e in estimates]
        found.append(Searched(ask if isinstance(ask, int) else 0, cell_id, labels, assignment, *costs))
    return found


def confirmed(trials: Iterable[Trial], protocol: str | None, score: str, sign: float) -> dict[Key, Confirmed]:
    """Return the runs of every setting that has confirmation runs. Failed and stopped runs, and those without the score, are left out.

    Args:
        trials: All trials of the study.
        protocol: The digest of the protocol that reports.
        score: The public name of the score.
        sign: The factor that makes the score a cost.
    """
    runs: dict[Key, dict[tuple[int, int], Run]] = {}
    first: dict[Key, tuple[Mapping[str, str], Mapping[str, Any]]] = {}
    for trial in trials:
        if role_of(trial) != CONFIRMATION or (cost := _cost(trial, protocol, score, sign)) is None:
            continue
        cell_id, assignment = setting_of(trial)
        key, record = key_of(cell_id, assignment), trial.record
        repeat, seed = record.study.get("repeat"), record.config.get("seed")
        order = (repeat if isinstance(repeat, int) else 0, seed if isinstance(seed, int) else 0)
        first.setdefault(key, (labels_of(trial), assignment))
        runs.setdefault(key, {})[order] = Run(record.digest, record.setting_digest, order, cost, sum(record.seconds.values()))
    return {key: Confirmed(key, *first[key], of) for key, of in runs.items()}


def _cost(trial: Trial, protocol: str | None, score: str, sign: float) -> float | None:
    if trial.record.status is Status.DIVERGED:
        return math.inf
    scores = trial.scores.get(protocol) if protocol else None
    estimate = scores.estimates.get(score) if scores and trial.record.status is Status.COMPLETED else None
    return None if estimate is None else sign * estimate.value


def effort(trials: Iterable[Trial], role: str, labels: Mapping[str, str] | None = None) -> Effort:
    """Return the number and time of the trainings of a role. `labels` restricts them to some levels."""
    wanted = (labels or {}).items()
    used = [t for t in trials if role_of(t) == role and t.record.status is not Status.SKIPPED and wanted <= labels_of(t).items()]
    return Effort(len(used), sum(sum(t.record.seconds.values()) for t in used))
