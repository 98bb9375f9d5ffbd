"""Compares scores of cells in pairs: the same cell in two studies, or two levels of an axis with the same levels on all other axes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median_low

import numpy as np

from landscape.analysis.contrasts import joint_level
from landscape.analysis.frames import AXIS, ScoreFacts, TrialTable
from landscape.analysis.interval import Interval
from landscape.analysis.quantiles import quantile

FEWEST_PAIRS = 6
"""The fewest pairs with which a median has a 95% interval."""
CellKey = tuple[str, ...]
"""The levels of a cell in the order of the axes."""


@dataclass(frozen=True)
class PairedCells:
    """The comparison of the first side of each pair with the second."""

    contrast: Interval
    """The median over pairs of first / second if the score `is_log`, otherwise of first - second, with its exact order-statistic interval.
    """
    pairs: int
    """The number of pairs of which at least one side has a score."""
    better: int
    """The number of pairs whose first side is better."""


def cell_medians(table: TrialTable, axes: Sequence[str], score: str) -> dict[CellKey, float]:
    """Return the median cost of each cell with scored search trials. Lower is better, and it is +inf if most of its trials diverged."""
    found: dict[CellKey, float] = {}
    if not axes:
        return found
    for key, rows in table.role("search").frame.groupby([AXIS + a for a in axes], sort=True):
        costs = replace(table, frame=rows).costs(score)
        if len(costs):
            found[tuple(map(str, key))] = float(median_low(costs))
    return found


def paired_cells(pairs: Sequence[tuple[float, float]], facts: ScoreFacts, *, level: float = 0.95) -> PairedCells:
    """Compare the costs of paired cells. A cell that diverged is worse than every other one, by more than any number.

    The interval lies between two order statistics and covers the median for every distribution (David and Nagaraja 2003, section 7.1).

    Args:
        pairs: The costs (first, second), which are +inf for diverged cells. Pairs that diverged on both sides are left out.
        facts: The facts of the score.
        level: The nominal coverage of the interval.
    """
    known = [pair for pair in pairs if math.isfinite(pair[0]) or math.isfinite(pair[1])]
    log = facts.is_log and all(x > 0 for pair in known for x in pair)
    values = np.array([_contrast(a, b, log=log) for a, b in known])
    better = int((values < 0).sum())
    if len(values) >= FEWEST_PAIRS:
        found = quantile(values, 0.5, level=level)
    else:
        point = float(median_low(values)) if len(values) else None
        found = Interval(point, n=len(values), level=level, absent=f"{len(values)} pairs of cells: an interval needs {FEWEST_PAIRS}")
    if log:
        ends = [None if x is None else math.exp(x) if x < 700 else math.inf for x in (found.value, found.low, found.high)]
        found = Interval(ends[0], ends[1], ends[2], found.level, found.kind, found.n, found.absent)
    elif facts.sign < 0:
        found = found.mirrored()
    return PairedCells(found, len(values), better)


def _contrast(a: float, b: float, *, log: bool) -> float:
    if not (math.isfinite(a) and math.isfinite(b)):
        return math.inf if a > b else -math.inf
    return math.log(a / b) if log else a - b


@dataclass(frozen=True)
class SearchedAxis:
    """What the search alone says of an axis, over matched cells. It suggests something and decides nothing."""

    best: str
    runner_up: str
    paired: PairedCells
    """The best level against the runner-up. The interval holds jointly for all pairs of levels (Bonferroni), also those that are not shown.
    """


def matched_blocks(medians: Mapping[CellKey, float], axes: Sequence[str], axis: str) -> dict[CellKey, dict[str, float]]:
    """Return the median cost of each level of `axis` by the combination of the levels of all other axes."""
    at = list(axes).index(axis)
    found: dict[CellKey, dict[str, float]] = {}
    for key, cost in medians.items():
        found.setdefault(key[:at] + key[at + 1 :], {})[key[at]] = cost
    return found


def searched_axis(medians: Mapping[CellKey, float], axes: Sequence[str], axis: str, facts: ScoreFacts) -> SearchedAxis | None:
    """Return the two levels of an axis with the best mean ranks among matched cells, or None if no two levels share a cell."""
    groups = matched_blocks(medians, axes, axis)
    levels = sorted({level for group in groups.values() for level in group})
    whole = [g for g in groups.values() if set(g) == set(levels)] or [g for g in groups.values() if len(g) > 1]
    if len(levels) < 2 or not whole:
        return None
    places: dict[str, list[float]] = {level: [] for level in levels}
    for group in whole:
        for level, cost in group.items():
            others = [c for other, c in group.items() if other != level]
            places[level].append(float(np.mean([(c < cost) + 0.5 * (c == cost) for c in others])))
    ranked = sorted((level for level in levels if places[level]), key=lambda name: (float(np.mean(places[name])), name))
    best, second = ranked[0], ranked[1]
    joint = joint_level(0.95, len(levels))
    pairs = [(g[best], g[second]) for g in groups.values() if best in g and second in g]
    return SearchedAxis(best, second, paired_cells(pairs, facts, level=joint)) if pairs else None
