"""Computes what the map shows of each cell: the expected best, the top quantile and the median of every score, health and cost."""

from dataclasses import replace
from statistics import median_low
from typing import Any

import numpy as np

from landscape.analysis.best import expected_best
from landscape.analysis.comparison import score_quantile
from landscape.analysis.frames import AXIS, SCORE, ScoreFacts, TrialTable
from landscape.analysis.interval import Values
from landscape.report.interactive.trial_columns import plain
from landscape.report.view import View

MOST_BUDGET = 5


def cell_measures(view: View, cells: list[list[str]]) -> dict[str, Any]:
    """Return a list for each measure, with an entry for each cell of `cells`. An entry is None if the cell has no such value.

    `expected` is the expected best of `budget` trials, the same number for all cells: half of the smallest cell, at most 5. A diverged
    trial counts as the worst score of the study there, and as worse than every score in the quantile and in the median. A score that has
    no better direction has a median alone, of the trials that have it.
    """
    groups = _groups(view, cells)
    finished = [len(g.finished().frame) for g in groups]
    tried = [n for n in finished if n]
    budget = max(1, min(MOST_BUDGET, min(tried, default=0) // 2))
    found: dict[str, Any] = {
        "trials": finished,
        "diverged": [int((g.frame["status"] == "diverged").sum()) for g in groups],
        "healthy": [plain(_healthy(view, g)) for g in groups],
        "seconds": [plain(float(g.finished().frame["seconds"].mean())) if n else None for g, n in zip(groups, finished, strict=True)],
        "budget": budget,
        "scores": {name: _of_score(view.table, groups, facts, budget) for name, facts in view.table.scores.items()},
    }
    return found


def _groups(view: View, cells: list[list[str]]) -> list[TrialTable]:
    """Return the search trials of each cell with only the needed columns, because slicing the wide frame of a study is slow."""
    search, axes = view.table.role("search"), view.table.axes
    scores = [SCORE + name for name in view.table.scores if SCORE + name in search.frame]
    slim = replace(search, frame=search.frame[["status", "setting", "seconds", *(AXIS + axis for axis in axes), *scores]])
    if not axes:
        return [slim for _ in cells]
    levels = list(zip(*(slim.frame[AXIS + axis].astype(str) for axis in axes), strict=True))
    at: dict[tuple[str, ...], list[int]] = {}
    for place, names in enumerate(levels):
        at.setdefault(names, []).append(place)
    return [replace(slim, frame=slim.frame.iloc[at.get(tuple(cell), [])]) for cell in cells]


def _healthy(view: View, group: TrialTable) -> float | None:
    """Return the share of the finished trials that have no symptom, or None if not all of them were diagnosed."""
    rows = group.finished().frame.index
    places = view.table.frame.index.get_indexer(rows)
    if not len(rows) or not view.undiagnosed.isdisjoint(view.table.frame.loc[rows, "digest"]):
        return None
    return float(np.mean([not view.symptoms[i] for i in places]))


def _of_score(table: TrialTable, groups: list[TrialTable], facts: ScoreFacts, budget: int) -> dict[str, list[Any]]:
    everything = table.role("search").costs(facts.name)
    finite = everything[np.isfinite(everything)]
    worst = float(finite.max()) if len(finite) else None
    costs = [g.costs(facts.name) for g in groups]
    if facts.direction == "none":
        absent: list[Any] = [None for _ in costs]
        return {"expected": absent, "quantile": absent, "median": [_median(c[np.isfinite(c)], facts) for c in costs]}
    return {
        "expected": [_expected(c, budget, worst, facts) for c in costs],
        "quantile": [plain(score_quantile(c, facts).value) for c in costs],
        "median": [_median(c, facts) for c in costs],
    }


def _expected(costs: Values, budget: int, worst: float | None, facts: ScoreFacts) -> Any:
    if worst is None or len(costs) < budget or not len(costs):
        return None
    return plain(expected_best(np.minimum(costs, worst), budget) * facts.sign)


def _median(costs: Values, facts: ScoreFacts) -> Any:
    """Return the lower median, so that a score and a divergence are never averaged."""
    return plain(float(median_low(costs)) * facts.sign) if len(costs) else None
