"""Decides which trials of a search are scored by the whole protocol, from the scores of fewer samples that all of them have.

A trial is screened out if the intervals show that it is not chosen, or that it is chosen whatever the whole protocol says. They are
widened so that all of them hold together. If they do, the confirmation trains what it would have trained with whole scores of all trials.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

from scipy.stats import norm

from landscape.analysis.matched import Key
from landscape.analysis.objective import modeled
from landscape.results.record import Estimate

ERROR = 0.05
"""The probability with which some interval may miss its trial's value, over all trials of a search."""


@dataclass(frozen=True)
class Screened:
    """One trial of the search with its score of few samples."""

    digest: str
    key: Key
    """Its setting. Several seeds of one setting are kept together."""
    labels: Mapping[str, str]
    """The level on each axis."""
    estimate: Estimate | None
    """The objective on the selection samples. None for a trial without one, which is never kept."""


@dataclass(frozen=True)
class _Setting:
    digests: tuple[str, ...]
    cell: tuple[tuple[str, str], ...]
    low: float
    high: float


def finalists(
    trials: Iterable[Screened], axes: Sequence[str], objective: str, *, confirmed: Sequence[str] = (), cells: int = 1
) -> frozenset[str]:
    """Return the digests of the trials that the whole protocol scores, which are those between which a choice is open.

    The confirmation compares the levels of an axis within the best combinations of levels of the other axes (see `matched_design`). Three
    choices are to be made, and of each the settings are kept that may be chosen: the best setting of all; of each combination that may be
    among the first `cells`, the best setting, by which it is ranked; and the setting that represents a cell of such a combination, if more
    than one may be the best of its cell. A cell in which a single setting is left is represented by it without further scores.

    Args:
        trials: The trials of the search.
        axes: The axes of the study in its order.
        objective: The public name of the objective.
        confirmed: The axes that are compared. If there are none, all are.
        cells: The number of combinations of the other axes within which levels are compared.
    """
    settings = _settings(list(trials), objective)
    kept = _reaching(settings)
    for axis in confirmed or axes:
        groups: dict[tuple[tuple[str, str], ...], list[_Setting]] = {}
        for setting in settings:
            groups.setdefault(tuple(pair for pair in setting.cell if pair[0] != axis), []).append(setting)
        first = _first(list(groups.values()), cells)
        for group in first:
            kept += _reaching(group) if len(first) > cells else []
            for cell in {setting.cell for setting in group}:
                candidates = _reaching([s for s in group if s.cell == cell])
                kept += candidates if len(candidates) > 1 else []
    return frozenset(digest for setting in kept for digest in setting.digests)


def _settings(trials: Sequence[Screened], objective: str) -> list[_Setting]:
    """Return the settings with a score. Seeds of one setting count by their lower median, as in the choice of what is confirmed."""
    of: dict[Key, list[Screened]] = {}
    for trial in trials:
        of.setdefault(trial.key, []).append(trial)
    found = []
    for seeds in of.values():
        ends = [joint_ends(one.estimate, objective, len(trials)) for one in seeds]
        low, high = (median_low([end[side] for end in ends]) for side in (0, 1))
        if math.isfinite(low) or math.isfinite(high) or low < high:
            found.append(_Setting(tuple(one.digest for one in seeds), tuple(sorted(seeds[0].labels.items())), low, high))
    return found


def joint_ends(estimate: Estimate | None, objective: str, trials: int) -> tuple[float, float]:
    """Return the ends of an interval on the scale of the search, lower is better, widened so that `trials` intervals hold together.

    An estimate without an interval may have any value, and a trial without an estimate has the cost +inf.
    """
    if estimate is None:
        return math.inf, math.inf
    if estimate.interval is None:
        return -math.inf, math.inf
    center = modeled(estimate, objective)
    ends = sorted(modeled(_at(estimate, end), objective) for end in estimate.interval)
    wider = float(norm.isf(ERROR / trials / 2) / norm.isf((1 - estimate.level) / 2))
    return center - (center - ends[0]) * max(wider, 1.0), center + (ends[1] - center) * max(wider, 1.0)


def _at(estimate: Estimate, value: float) -> Estimate:
    return Estimate(value, estimate.direction)


def _first(groups: Sequence[list[_Setting]], count: int) -> list[list[_Setting]]:
    """Return the groups that may be among the first `count`: those with the most levels before others, and then by their best setting."""
    found: list[list[_Setting]] = []
    sizes = sorted({len({s.cell for s in group}) for group in groups}, reverse=True)
    for size in sizes:
        if size < 2 or len(found) >= count:
            break
        same = [group for group in groups if len({s.cell for s in group}) == size]
        found += [
            group for group in same if min(s.low for s in group) <= _bound([min(s.high for s in g) for g in same], count - len(found))
        ]
    return found


def _reaching(settings: Sequence[_Setting]) -> list[_Setting]:
    """Return the settings that may be the best one."""
    bound = _bound([s.high for s in settings], 1) if settings else 0.0
    return [s for s in settings if s.low <= bound]


def _bound(highs: Sequence[float], count: int) -> float:
    """Return the value that `count` of them do not exceed."""
    return sorted(highs)[min(count, len(highs)) - 1]
