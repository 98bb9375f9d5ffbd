"""The front of two scores, such as quality and diversity: the trials that no other trial dominates."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from landscape.analysis.confirmation_runs import SEARCH
from landscape.analysis.frames import FINISHED, HIGH, LOW, SCORE, TrialTable
from landscape.analysis.score_agreement import ranking_scores

DIVERSITY = ("recall", "coverage", "ms-ssim")
"""The beginnings of the names of scores that are set against quality, the most wanted first, as in the page's drawing."""


def non_dominated(costs: ArrayLike) -> NDArray[np.int64]:
    """Return the rows of `costs` that no other row dominates, ordered by the first cost and then the second.

    A row dominates another one if it is at most as high in both costs and lower in one. Equal rows do not dominate each other.

    Args:
        costs: Two costs of each trial [n, 2], finite. Lower is better.
    """
    points = np.asarray(costs, dtype=np.float64).reshape(-1, 2)
    order = np.lexsort((points[:, 1], points[:, 0]))
    ordered = points[order]
    # A row in this order is dominated by an earlier one whose second cost is lower, or equal with a lower first cost.
    best = np.minimum.accumulate(np.concatenate([[np.inf], ordered[:-1, 1]]))
    is_lower = ordered[:, 1] < best
    # An equal row follows the one that it is equal to.
    for at in range(1, len(ordered)):
        is_lower[at] |= is_lower[at - 1] and bool((ordered[at] == ordered[at - 1]).all())
    found: NDArray[np.int64] = order[is_lower].astype(np.int64)
    return found


def second_score(table: TrialTable, objective: str) -> str | None:
    """Return the score that is set against the objective: one of diversity if there is one, or None if there is no other score."""
    others = ranking_scores(table, objective)[1:]
    return next((name for start in DIVERSITY for name in others if name.lower().startswith(start)), next(iter(others), None))


def front(table: TrialTable, one: str, two: str) -> pd.DataFrame:
    """Return the trials of the search that no other one dominates, the best by `one` first.

    Columns are `digest`, `cell`, and for each score `one`, `one_low`, `one_high`, `two`, `two_low`, `two_high`: the score and its own
    interval over samples of this model, NaN if it has none. That a trial is on the front is partly chance, for which these do not account.

    Args:
        table: The trials under one protocol.
        one: The public name of a score with a better direction.
        two: The public name of another one.
    """
    search = table.role(SEARCH).frame
    scored = search[search["status"].isin(FINISHED)].dropna(subset=[SCORE + one, SCORE + two])
    costs = np.column_stack([scored[SCORE + name].to_numpy(dtype=np.float64) * table.scores[name].sign for name in (one, two)])
    on_it = scored.iloc[non_dominated(costs)]
    columns = {"digest": on_it["digest"], "cell": on_it["cell"]}
    for key, name in (("one", one), ("two", two)):
        columns |= {key: on_it[SCORE + name], f"{key}_low": on_it[LOW + name], f"{key}_high": on_it[HIGH + name]}
    return pd.DataFrame(columns).reset_index(drop=True)
