"""The spread over the seeds of one setting as it was measured before: in this study, or in one of the same data, protocol and budget."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from landscape.analysis.confirmation_runs import CONFIRMATION, role_of, setting_of
from landscape.analysis.matched import Key, key_of
from landscape.analysis.objective import reported
from landscape.core.errors import UserError
from landscape.results.record import Status
from landscape.results.studies import STUDY_FILE, Study, list_studies, read_study
from landscape.results.trial_files import DamagedError, load_json

FEWEST_DEGREES = 4
"""The degrees of freedom that a measured spread needs: those of one setting with five seeds."""


@dataclass(frozen=True)
class MeasuredSpread:
    """The standard deviation over the seeds of one setting, pooled over settings."""

    value: float
    """Of the scores, or of their logarithms if they are compared by ratios."""
    settings: int
    """The number of settings with two or more finite runs."""
    study: str
    """The name of the study that measured it. It is empty for the study itself."""


def measured_spread(folder: Path, *, log: bool) -> MeasuredSpread | None:
    """Return what confirmation runs say of the spread over seeds, or None if no study in the results has measured it.

    The study itself is asked first, then those beside it whose data, protocol and training budget are the same, by name.

    Args:
        folder: The folder of the study, with its `study.json`.
        log: Whether the score is compared by ratios.
    """
    own = _ground(folder)
    if not own:
        return None
    others = [folder.parent / name for name in list_studies(folder.parent) if name != folder.name]
    for place in (folder, *(other for other in others if _ground(other) == own)):
        try:
            found = spread_over_seeds(read_study(place), log=log)
        except UserError:
            continue
        if found is not None:
            return MeasuredSpread(*found, "" if place == folder else place.name)
    return None


def spread_over_seeds(study: Study, *, log: bool) -> tuple[float, int] | None:
    """Return the pooled standard deviation over the seeds of confirmed settings, and the number of these settings.

    Diverged runs are left out. There is no spread with fewer than 4 degrees of freedom, or if `log` and a score is 0 or less.
    """
    protocol, name = str(_mapping(study.facts.get("protocol")).get("name", "")), str(study.facts.get("objective") or "")
    runs: dict[Key, list[float]] = {}
    for trial in study.trials:
        estimate = reported(trial.scores, protocol, name) if trial.record.status is Status.COMPLETED else None
        if role_of(trial) == CONFIRMATION and estimate is not None:
            runs.setdefault(key_of(*setting_of(trial)), []).append(estimate.value)
    if log and any(value <= 0 for of in runs.values() for value in of):
        return None
    several = [np.log(of) if log else np.array(of) for of in runs.values() if len(of) > 1]
    freedom = sum(len(of) - 1 for of in several)
    if freedom < FEWEST_DEGREES:
        return None
    squares = sum(float(((of - of.mean()) ** 2).sum()) for of in several)
    return (math.sqrt(squares / freedom), len(several)) if squares > 0 else None


def _ground(folder: Path) -> tuple[Any, ...]:
    """Return what two studies must share for their spreads to be alike. It is empty if the study does not say it."""
    try:
        facts = load_json(folder / STUDY_FILE)
    except (DamagedError, UserError, OSError):
        return ()
    protocol, budget = _mapping(facts.get("protocol")).get("digest"), _mapping(facts.get("budget")).get("training")
    data = facts.get("data")
    return (data, protocol, budget, facts.get("objective")) if data and protocol and budget else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
