"""Makes the table of how alike the scores of a study rank its models."""

import pandas as pd

from landscape.analysis.score_agreement import score_agreements
from landscape.report.tables import Column, Table
from landscape.report.view import View

MOST_ROWS = 30
COLUMNS = (
    Column("one", "Score"),
    Column("two", "Other score"),
    Column("models", "Models", "count", help="Settings of the search that have both scores"),
    Column("spearman", "Spearman's rho", "number", True, help="1: the same order; 0: none in common; -1: the reversed order"),
    Column(
        "kendall", "Kendall's tau", "number", True, help="The share of pairs of models in the same order minus that in the reversed one"
    ),
    Column("note", "Note", optional=True),
)


def score_agreement_table(view: View) -> Table | None:
    """Return a row for each pair of scores, those with the objective first, or None if the trials have a single score."""
    assert view.score is not None
    found = score_agreements(view.table, view.score, given_search=view.given_search)
    if not found:
        return None
    rows = [
        {"one": pair.one, "two": pair.two, "models": pair.models, "note": pair.spearman.absent or pair.kendall.absent}
        | pair.spearman.columns("spearman")
        | pair.kendall.columns("kendall")
        for pair in found
    ]
    caption = (
        "How alike two scores rank the models of the search: 1 if both call the same model of every pair the better one, whichever"
        " direction each has. Diverged trials have no scores and do not count. Brackets: 95% intervals of each row (rho: Bonett and Wright;"
        f" tau: Fieller, Hartley and Pearson){view.given}."
    )
    frame = pd.DataFrame(rows, columns=[key for column in COLUMNS for key in column.keys])
    return Table("score_agreement", "Agreement of the scores", caption, COLUMNS, frame, most_rows=MOST_ROWS, compact=True)
