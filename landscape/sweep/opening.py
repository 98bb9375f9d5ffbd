"""The line with which a sweep begins: what it will train, what its seeds can tell apart, and how long it will take."""

from pathlib import Path

from landscape.analysis.measured_spread import measured_spread
from landscape.analysis.resolution import resolution_sentence
from landscape.components.metrics._base import is_on_log_scale
from landscape.core.durations import between
from landscape.core.wording import plural
from landscape.space.space import Space
from landscape.sweep.estimate import Estimate
from landscape.sweep.search.study_plan import StudyPlan
from landscape.sweep.search_load import load_of


def opening(space: Space, plan: StudyPlan, expected: Estimate, jobs: int | None, folder: Path | None = None) -> str:
    """Return the line.

    Args:
        space: The study.
        plan: The trials of the study, of which some may have ended.
        expected: The time of one trial.
        jobs: The number of trials that run at a time. None means as many as the cluster holds.
        folder: The folder of the study, in which and beside which runs may have shown how much seeds differ.
    """
    cells, skipped = len(plan.cells), len(space.skipped())
    before = f" ({plan.search.finished} done before)" if plan.finished else ""
    undefined = f", {plural(skipped, 'undefined combination')} skipped" if skipped else ""
    parts = [
        f"study {space.name}: {plural(plan.search.trials - plan.search.finished, 'trial')} to run{before}",
        f"{plural(plan.search.trials // cells, 'trial')} in each of {plural(cells, 'cell')}{undefined}",
        *_stopping(space),
        *_confirmation(space, plan, folder),
        f"{jobs} at a time" if jobs else "as many at a time as the cluster holds",
    ]
    if (seconds := expected.range(plan.trials - plan.finished, jobs or 1, search=plan.search.trials - plan.search.finished)) is not None:
        parts.append(f"{between(*seconds)} ({expected.basis})")
    return "; ".join(filter(None, parts))


def _stopping(space: Space) -> list[str]:
    """Where trials may be stopped early, and what is expected of that."""
    how = space.early_stopping
    if how is None:
        return []
    rungs = ", ".join(f"{share:.3g}" for share in how.shares)
    return [f"stopped early by {how.rule} at {rungs} of the training, which leaves about {load_of(space).training:.0%} of the steps"]


def _confirmation(space: Space, plan: StudyPlan, folder: Path | None) -> list[str]:
    """What follows the search, and what its seeds can tell apart."""
    if plan.confirming is None or not plan.confirmations:
        return []
    done = f" ({plan.confirmed} done before)" if plan.confirmed else ""
    least = "" if plan.searched else "at most "
    runs = f"then {least}{plural(plan.confirmations, 'confirmation run')}{done}"
    looks, most = plan.confirming.looks, plan.confirming.expected[1]
    more = f", and up to {looks[-1]} ({plural(most, 'run')}) where levels stay open" if looks[-1] > looks[0] else ""
    compared = space.confirmation.axes or tuple(space.axes)
    levels = max(len(space.labels[axis]) for axis in compared)
    score = space.protocol.objective
    log = is_on_log_scale(score, (m.name for m in space.protocol.metrics))
    measured = None if folder is None else measured_spread(folder, log=log)
    return [
        f"{runs} of the settings that stand for levels, {looks[0]} fresh seeds each{more}",
        resolution_sentence(score, levels, looks, log=log, measured=measured),
    ]
