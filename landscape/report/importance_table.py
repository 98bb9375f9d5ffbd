"""The table of what a search's scores depend on: axes and hyperparameters by Optuna's PED-ANOVA and fANOVA."""

import math

import pandas as pd

from landscape.analysis.importance import FOREST_TRIALS, REPEATS, Share, best_share, importances
from landscape.core.wording import words
from landscape.report.formats import count
from landscape.report.tables import Column, Table
from landscape.report.view import View


def hyperparameter_importance_table(view: View) -> Table | None:
    """Return a row for each axis and each searched hyperparameter, the most important first; None where nothing can be said."""
    found = importances(view.study, view.table, view.score) if view.score is not None else ()
    if not found:
        return None
    rows: list[dict[str, object]] = [
        {
            "name": words(one.name) if one.is_axis else one.name,
            "kind": "axis" if one.is_axis else "hyperparameter",
            "trials": one.trials,
            **_columns("ped_anova", one.ped_anova),
            **_columns("fanova", one.fanova),
        }
        for one in found
    ]
    best = f"{best_share(found[0].total):.0%}"
    some = f"{count(FOREST_TRIALS)} trials drawn at random" if found[0].total > FOREST_TRIALS else "all trials"
    columns = (
        Column("name", "Axis or hyperparameter"),
        Column("kind", "Kind"),
        Column("trials", "Trials", "count", help="Trials of the search that have it"),
        Column("ped_anova", "PED-ANOVA", "share", True, help=f"What the best {best} of the trials have in common, against all"),
        Column("fanova", "fANOVA", "share", True, help=f"What explains the ranks of {some} by a random forest"),
    )
    caption = (
        f"Shares of each method sum to 1, over finished trials of the search. Brackets: the range over {REPEATS} random subsets"
        f" of four in five trials; they are no confidence intervals. fANOVA reads {some} and leaves out what only some trials have. A"
        " searcher that learns tries good values more often, so that shares hold for the trials at hand."
    )
    return Table("hyperparameter_importance", "Importance of axes and hyperparameters", caption, columns, pd.DataFrame(rows))


def _columns(name: str, share: Share | None) -> dict[str, float]:
    ends = (math.nan,) * 3 if share is None else (share.value, share.low, share.high)
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
