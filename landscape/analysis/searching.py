"""What the search means for statistics: who proposed the trials, and whether every cell got the same number of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from landscape.analysis.confirmation_runs import SEARCH, role_of
from landscape.analysis.frames import HYPER, STOPPED_EARLY, TrialTable
from landscape.core.wording import plural
from landscape.results.studies import Study

INDEPENDENT = ("random",)
"""The searchers whose proposals do not depend on earlier scores, so that trials are independent draws."""


def searcher_name(facts: Mapping[str, Any]) -> str:
    """Return the study's searcher, or `unknown` if `study.json` does not say."""
    searcher = facts.get("searcher")
    name = searcher.get("name") if isinstance(searcher, Mapping) else searcher
    return str(name) if name else "unknown"


def is_given_search(study: Study) -> bool:
    """Return whether intervals hold only for this search, because its searcher learns, follows a grid, or is not known to be independent.

    Where nothing is searched, as under the ruleset `self-tuning`, trials of a cell differ in their seeds alone. They are independent,
    whatever the searcher. A part of a grid in random order is a random sample of its points without replacement, for which intervals of
    independent draws are a little too wide. Once a point comes a second time, the trials are no such sample any more.
    """
    space, searcher = study.facts.get("space"), study.facts.get("searcher")
    searched = space.get("search") if isinstance(space, Mapping) else None
    if searched == {} or searcher_name(study.facts) in INDEPENDENT:
        return False
    shuffled = isinstance(searcher, Mapping) and searcher.get("shuffled") is True
    return not shuffled or _repeats_points(study)


def _repeats_points(study: Study) -> bool:
    """Return whether the search trained a setting of a cell more often than the seeds of a proposal say."""
    records = [trial.record.study for trial in study.trials if role_of(trial) == SEARCH]
    points = [(r.get("cell_id"), r.get("repeat"), repr(r.get("assignment"))) for r in records]
    return len(set(points)) < len(points)


@dataclass(frozen=True)
class BudgetCheck:
    """Whether the cells of a study can be compared at all."""

    equal: bool
    text: str
    fewest: int
    most: int
    """The largest number of attempted search trials of a cell."""


def check_budgets(table: TrialTable, cells: int | None = None) -> BudgetCheck:
    """Check that every cell has the same number of search trials and all have one training budget, which makes a comparison fair.

    Args:
        table: The trials. Skipped ones do not count, because their cells do not exist.
        cells: The number of cells of the study, with or without trials. It is None if the study does not say.
    """
    frame = table.role("search").frame
    frame = frame[frame["status"] != "skipped"]
    if frame.empty:
        return BudgetCheck(False, "No trial was run.", 0, 0)
    counts = frame.groupby("cell").size()
    untried = max((cells or 0) - len(counts), 0)
    fewest, most = 0 if untried else int(counts.min()), int(counts.max())
    trainings = _training_budgets(frame)
    if fewest == most:
        text = f"Every cell got {plural(fewest, 'trial')}"
    else:
        text = f"Cells got between {fewest} and {most} trials: their bests are not comparable, more trials find better ones"
        text += f" ({untried} of {cells} cells have none yet)" if untried else ""
    if stopped := int((frame["status"] == STOPPED_EARLY).sum()):
        text += f" ({stopped:,} of all were stopped early)"
    if len(trainings) <= 1:
        text += f", each with a training budget of {trainings[0]}." if trainings else "."
    else:
        text += f". Training budgets differ ({', '.join(trainings)}): scores mix them."
    return BudgetCheck(fewest == most and len(trainings) <= 1, text, fewest, most)


def _training_budgets(frame: pd.DataFrame) -> list[str]:
    columns = [HYPER + "budget.amount", HYPER + "budget.unit"]
    if not set(columns) <= set(frame):
        return []
    pairs = frame[columns].dropna().drop_duplicates()
    return sorted(f"{amount:,g} {str(unit).replace('d_', 'D ').replace('g_', 'G ')}" for amount, unit in pairs.itertuples(index=False))
