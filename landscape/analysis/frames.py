"""Makes one frame of the records, with a row for each trial: axes, status, hyperparameters, cost, and the scores of one protocol."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median_low
from typing import Any, Self

import numpy as np
import pandas as pd

from landscape.analysis.interval import Values
from landscape.core.errors import UserError
from landscape.results.record import Estimate, Scores, Status
from landscape.results.score_names import SCREENING, has_log_scale
from landscape.results.trial_files import Trial

AXIS, SCORE, LOW, HIGH, HYPER = "axis:", "score:", "low:", "high:", "hyper:"
"""The prefixes of column names, as in `axis:loss`, `score:FD[classifier]`, `low:` and `high:` for its own interval, and `hyper:batch_size`.
"""

FINISHED = (Status.COMPLETED.value, Status.DIVERGED.value)
"""The statuses of a finished trial, which counts in every statistic. Failed, skipped and stopped trials say nothing about a method."""
STOPPED_EARLY = Status.STOPPED_EARLY.value
"""The status of a trial that was ended at a rung of its training. It has no scores of a whole training and counts in no statistic."""


SCREENED_OUT = "screened out"
"""The status in a table of a completed trial that the first of two stages of scoring has left out of the second. It counts in no statistic
of the second stage, in which only the better trials have scores.
"""


@dataclass(frozen=True)
class ScoreFacts:
    """The facts of one score that are the same in every trial."""

    name: str
    direction: str
    unit: str = ""
    bounds: tuple[float | None, float | None] = (None, None)
    n_real: int | None = None
    n_fake: int | None = None
    target: str = ""
    """The text `real` if the best value is that of held-out real samples."""
    scale: str = ""
    """`log` if its estimates declare a log scale."""
    kind: str = ""
    """How it was computed: see `Estimate.kind`."""

    @property
    def sign(self) -> float:
        """The factor that makes a score a cost, of which lower is better."""
        return -1.0 if self.direction == "higher" else 1.0

    @property
    def lower_bound(self) -> float | None:
        """The smallest value that the cost can take."""
        best = self.bounds[1] if self.direction == "higher" else self.bounds[0]
        return None if best is None else self.sign * best

    @property
    def is_log(self) -> bool:
        """Whether the score is compared by ratios, also in the search."""
        return has_log_scale(self.name, self.scale)


@dataclass(frozen=True)
class TrialTable:
    """A frame of trials and what it means."""

    frame: pd.DataFrame
    axes: tuple[str, ...]
    protocol: Mapping[str, Any] | None
    """The protocol of all scores. It is None if nothing was scored."""
    scores: Mapping[str, ScoreFacts]

    def where(self, mask: pd.Series) -> Self:
        """Return the table of some rows."""
        return replace(self, frame=self.frame[mask])

    def role(self, *roles: str) -> Self:
        """Return the trials of some roles, such as `search`, `confirmation` and `repeat`."""
        return self.where(self.frame["role"].isin(roles))

    def finished(self) -> Self:
        """Return the completed and the diverged trials."""
        return self.where(self.frame["status"].isin(FINISHED))

    def costs(self, score: str, *, each_seed: bool = False) -> Values:
        """Return the score of every finished setting as a cost [n]. Lower is better, and it is +inf for diverged trials.

        Completed trials without the score are left out. Several seeds of one setting are not independent trials, so they count once, by
        their median, unless `each_seed` is set.
        """
        frame, column = self.frame, SCORE + score
        # Columns are filtered one by one, because to filter the frame would copy all of its columns, for each group of each table.
        status = frame["status"].to_numpy(dtype=str)
        finished = np.isin(status, FINISHED)
        raw = frame[column].to_numpy(dtype=np.float64)[finished] if column in frame else np.full(finished.sum(), np.nan)
        cost: Values = raw * self.scores[score].sign if score in self.scores else raw
        cost = np.where(status[finished] == Status.DIVERGED.value, np.inf, cost)
        known = ~np.isnan(cost)
        setting = frame["setting"].to_numpy(dtype=str)[finished]
        if each_seed or len(np.unique(setting)) == len(setting):
            return cost[known]
        settings, members = np.unique(setting[known], return_inverse=True)
        # The lower median: with an even number of seeds, the mean of a score and a divergence has no meaning.
        return np.array([median_low(cost[known][members == i]) for i in range(len(settings))])


def protocols(trials: Iterable[Trial]) -> dict[str, Mapping[str, Any]]:
    """Return every protocol that scored a trial, by digest, with the most used one first."""
    found: dict[str, Mapping[str, Any]] = {}
    count: dict[str, int] = {}
    for trial in trials:
        for digest, scores in trial.scores.items():
            found.setdefault(digest, scores.protocol)
            count[digest] = count.get(digest, 0) + 1
    return {digest: found[digest] for digest in sorted(found, key=lambda d: (-count[d], d))}


def trials_frame(trials: Sequence[Trial], protocol: str | None = None, axes: Sequence[str] = ()) -> TrialTable:
    """Return the table of the trials, with one row for each.

    Args:
        trials: The trials, as `results.read_study` gives them.
        protocol: The digest of the protocol whose scores are wanted. It may be left out if there is only one.
        axes: The axes of the search space in its order. Axes that only records have follow.

    Raises:
        UserError: The trials were scored under several protocols and none is named, or the named one scored no trial.
    """
    known = protocols(trials)
    if protocol is None and len(known) > 1:
        choices = ", ".join(f"{p.get('name')} ({d})" for d, p in known.items())
        raise UserError(f"scores of several protocols do not share a column: name one of {choices}")
    chosen = protocol if protocol is not None else next(iter(known), None)
    if protocol is not None and known and protocol not in known:
        raise UserError(f"no trial was scored under protocol {protocol}: choose from {', '.join(known)}")
    names = _axes(trials, axes)
    whole = [t.record.status is not Status.STOPPED_EARLY for t in trials]
    picked = [t.scores.get(chosen) if chosen and of_whole else None for t, of_whole in zip(trials, whole, strict=True)]
    rows = [_row(trial, scores, names) for trial, scores in zip(trials, picked, strict=True)]
    first_stage = f"{known[chosen].get('name')}{SCREENING}" if chosen else ""
    for row, trial, scores in zip(rows, trials, picked, strict=True):
        if scores is None and row["status"] != STOPPED_EARLY and any(s.protocol.get("name") == first_stage for s in trial.scores.values()):
            row["status"], row["reason"] = SCREENED_OUT, "few samples showed that it does not win"
    frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=[*_EMPTY, *(AXIS + a for a in names)])
    return TrialTable(frame, names, known.get(chosen) if chosen else None, _facts(s for s in picked if s is not None))


_EMPTY = ("digest", "setting", "role", "ask", "cell", "status", "reason", "seed", "d_steps", "seconds", "training_seconds")


ORDER = ("task", "loss", "d_normalization", "normalization", "regularizer", "regularizers", "architecture")
"""The customary order of axes, because JSON objects have no order. Other axes follow in the order in which they are found."""


def customary(axes: Iterable[str]) -> list[str]:
    """Return axes in their customary order, with unknown ones last."""
    given = list(axes)
    return [a for a in ORDER if a in given] + [a for a in given if a not in ORDER]


def _axes(trials: Iterable[Trial], given: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for trial in trials:
        found.update(dict.fromkeys(trial.record.study.get("cell", {})))
    return tuple(dict.fromkeys([*given, *customary(found)]))


def _row(trial: Trial, scores: Scores | None, axes: Sequence[str]) -> dict[str, Any]:
    record, cell = trial.record, trial.record.study.get("cell", {})
    row: dict[str, Any] = {
        "digest": record.digest,
        "setting": record.setting_digest,
        "role": record.study.get("role", "search"),
        "ask": record.study.get("ask", -1),
        "cell": cell_label(cell, axes),
        "status": record.status.value,
        "reason": record.reason,
        "seed": record.config.get("seed"),
        "d_steps": record.counts.get("d_steps", math.nan),
        "seconds": sum(record.seconds.values()) if record.seconds else math.nan,
        "training_seconds": record.seconds.get("training", math.nan),
    }
    row |= {AXIS + axis: str(cell.get(axis, "")) for axis in axes}
    for name, estimate in (scores.estimates if scores else {}).items():
        low, high = estimate.interval or (math.nan, math.nan)
        row |= {SCORE + name: estimate.value, LOW + name: low, HIGH + name: high}
    return row | {HYPER + name: value for name, value in flatten_config(record.config).items()}


def cell_label(cell: Mapping[str, Any], axes: Sequence[str]) -> str:
    """Return a label such as `hinge · spectral · none`, with the levels in the order of the axes."""
    return " · ".join(str(cell[a]) for a in axes if a in cell) or "(no cell)"


def _facts(scores: Iterable[Scores]) -> dict[str, ScoreFacts]:
    facts: dict[str, ScoreFacts] = {}
    for one in scores:
        for name, e in one.estimates.items():
            if name not in facts:
                facts[name] = score_facts(name, e)
    return facts


def score_facts(name: str, estimate: Estimate) -> ScoreFacts:
    """Return what an estimate says of its score besides the value."""
    e = estimate
    return ScoreFacts(name, e.direction, e.unit, e.bounds, e.n_real, e.n_fake, e.target, e.scale, e.kind)


def flatten_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the leaves of a configuration by dotted name. The leaves of a component are named after the component.

    For example, `loss` = {name: hinge, hyperparameters: {margin: 1}} gives `loss` = hinge and `loss.hinge.margin` = 1.
    """
    flat: dict[str, Any] = {}
    for key, value in config.items():
        _flatten(key, value, flat)
    return flat


def _flatten(key: str, value: Any, flat: dict[str, Any]) -> None:
    if isinstance(value, (list, tuple)):
        named = [v for v in value if isinstance(v, Mapping) and "name" in v]
        for inner in named:
            _flatten(key, inner, flat)
        flat[key] = " + ".join(sorted(str(v["name"]) for v in named)) or "none" if len(named) == len(value) else str(value)
    elif isinstance(value, Mapping):
        # A component's hyperparameters belong to it; an optimizer's learning rate is the same thing whatever the optimizer.
        prefix = f"{key}.{value['name']}" if "name" in value and "hyperparameters" in value else key
        flat |= {key: value["name"]} if "name" in value else {}
        hyper = value.get("hyperparameters")
        rest = {k: v for k, v in value.items() if k not in ("name", "hyperparameters")}
        for name, inner in (rest | (dict(hyper) if isinstance(hyper, Mapping) else {})).items():
            _flatten(f"{prefix}.{name}", inner, flat)
    elif value is not None:
        flat[key] = value
