"""Joins the ledger with what was run: each published number with this project's number, the verdict, and notes for a reader."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from landscape.analysis.agreement import Agreement, Bounds, PublishedMean, agreement
from landscape.core.wording import plural
from landscape.published.numbers import PublishedNumber, published_numbers
from landscape.published.settings import BECAUSE, Comparison, Setting, settings
from landscape.results.published_runs import RowRun, read_runs, trials_of
from landscape.results.record import Estimate, Status
from landscape.results.score_names import score_of
from landscape.results.trial_files import Trial

NOT_RUN, CANNOT, RECALLED, NOT_COMPARED, REDUCED = "not run", "cannot be expressed", "recalled", "not compared", "reduced: no verdict"


@dataclass(frozen=True)
class Done:
    """A row of the ledger as it was run here: the trials that share one length of training and one note, for each setting."""

    share: float
    note: str
    runs: tuple[RowRun, ...]
    trials: tuple[tuple[Trial, ...], ...]
    """The trials of each setting, in the order of `runs`."""

    @cached_property
    def seeds(self) -> int:
        """The number of trials of the setting that has the fewest."""
        return min(map(len, self.trials), default=0)

    @property
    def every(self) -> list[Trial]:
        return [trial for of_setting in self.trials for trial in of_setting]


@dataclass(frozen=True)
class Line:
    """One published number, with this project's number if its row was run."""

    number: PublishedNumber
    setting: Setting
    done: Done | None = None
    found: Agreement | None = None
    reduced: tuple[str, ...] = ()
    """The reasons why a run decides nothing: fewer seeds, steps or settings than published, or other data."""
    remark: str = ""

    @property
    def own(self) -> bool:
        """Whether the row was run as it is written, with nothing else changed. Only such runs are counted and drawn."""
        return self.done is not None and not self.done.note

    @property
    def verdict(self) -> str:
        """The verdict, such as `agrees`, `not reproduced` or `undecided`, or the reason why there is none."""
        if self.number.confidence == "recalled":
            return RECALLED
        if self.setting.cannot is not None:
            return CANNOT
        if self.done is None:
            return NOT_RUN
        if self.found is None:
            return NOT_COMPARED
        return REDUCED if self.reduced else self.found.says

    @property
    def note(self) -> str:
        """A note on what the verdict rests on, or why there is none."""
        if self.setting.cannot is not None:
            return f"{BECAUSE[self.setting.cannot.because]}: {self.setting.cannot.why}"
        # A reduced run has no verdict, so that it does not matter why its interval is missing.
        absent = self.found.difference.absent if self.found is not None and not self.reduced else ""
        parts = [*self.reduced, self.remark, absent]
        return "; ".join(part for part in parts if part)


def lines(results: Path) -> list[Line]:
    """Return every number of the ledger in its order, once for each way in which its row was run."""
    done: dict[str, list[Done]] = {}
    for run in _together(results, read_runs(results)):
        done.setdefault(run.runs[0].key, []).append(run)
    found = []
    for number in published_numbers():
        setting = settings()[number.key]
        ways = done.get(number.key, [])
        found += [_compared(number, setting, way) for way in ways] or [Line(number, setting)]
    return found


def _together(results: Path, runs: Sequence[RowRun]) -> Iterator[Done]:
    groups: dict[tuple[str, float, str], list[RowRun]] = {}
    for run in runs:
        groups.setdefault((run.key, run.share, run.note), []).append(run)
    for (_, share, note), of_row in groups.items():
        trials = tuple(tuple(trials_of(results, run)) for run in of_row)
        if any(trials):
            yield Done(share, note, tuple(of_row), trials)


def _compared(number: PublishedNumber, setting: Setting, done: Done) -> Line:
    comparison = (setting.scores or {}).get(number.metric)
    reduced = tuple(_reductions(setting, done))
    if comparison is None:
        return Line(number, setting, done, None, reduced, (setting.unscored or {}).get(number.metric, ""))
    if number.number is None:
        return Line(number, setting, done, None, reduced, f"the published entry is {number.value!r}, no number; {_ended(done)}")
    estimates = [_estimates(run, trials, number.metric) for run, trials in zip(done.runs, done.trials, strict=True)]
    scored = [[e.value * comparison.times for e in of_setting] for of_setting in estimates]
    missing = len(done.every) - sum(map(len, scored))
    if missing or not all(scored):
        return Line(number, setting, done, None, reduced, f"{missing} of {len(done.every)} trainings have no such score ({_ended(done)})")
    which = _taken(setting, number.direction, scored)
    found = agreement(
        scored[which],
        PublishedMean(number.number, number.error, setting.spread, setting.runs),
        margin=comparison.margin_at(number.number),
        bounds=_bounds(estimates[which], comparison),
    )
    remark = f"best of the settings: {done.runs[which].variant}" if len(scored) > 1 else ""
    return Line(number, setting, done, found, reduced, remark)


def _estimates(run: RowRun, trials: Sequence[Trial], metric: str) -> list[Estimate]:
    if metric not in run.scores:
        return []
    protocol, score = run.scores[metric]
    return [e for trial in trials if (e := score_of(trial.scores, protocol, score)) is not None]


def _taken(setting: Setting, direction: str, scored: Sequence[Sequence[float]]) -> int:
    """Return the index of the setting that is compared. If the source took the best setting, it is the one with the best mean."""
    means = [sum(values) / len(values) for values in scored]
    return means.index(max(means) if direction == "higher" else min(means)) if setting.takes == "best" else 0


def _bounds(estimates: Sequence[Estimate], comparison: Comparison) -> Bounds:
    low, high = estimates[0].bounds
    return (None if low is None else low * comparison.times, None if high is None else high * comparison.times)


def _reductions(setting: Setting, done: Done) -> Iterator[str]:
    """Yield the ways in which a run falls short of the published one."""
    if done.note:
        yield done.note
    if done.share < 1:
        yield f"{done.share:.3g} of the published steps"
    if cut_short := sum(trial.record.status not in (Status.COMPLETED, Status.DIVERGED) for trial in done.every):
        yield f"{cut_short} of {plural(len(done.every), 'training')} ended early"
    if done.seeds < setting.runs:
        yield f"{done.seeds} of {setting.runs} trainings"
    expected = len(setting.variants or {"": {}})
    if len(done.runs) < expected:
        yield f"{len(done.runs)} of {expected} settings"


def _ended(done: Done) -> str:
    """Return how the trainings ended, for example `2 completed, 1 diverged`."""
    counts: dict[str, int] = {}
    for trial in done.every:
        counts[str(trial.record.status)] = counts.get(str(trial.record.status), 0) + 1
    return ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))


def machines(done: Done) -> str:
    """Return the machines on which the trainings ran, according to their records."""
    names = {str(t.record.environment.get("device_name") or t.record.environment.get("device", "")) for t in done.every}
    return ", ".join(sorted(n for n in names if n))


def hours(done: Done) -> float:
    """Return the hours of all trainings together, scoring included."""
    seconds = [float(t.record.seconds.get("training", 0)) + float(t.record.seconds.get("evaluation", 0)) for t in done.every]
    return sum(seconds) / 3600


def steps(done: Done) -> int:
    """Return the number of D steps of a training, or of G steps if there is no D."""
    counts: Mapping[str, Any] = done.every[0].record.counts
    return int(counts.get("d_steps") or counts.get("g_steps") or 0)
