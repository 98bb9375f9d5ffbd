"""The columns of a table of levels that say how stable their trainings are: the share that collapsed, and how far their scores spread."""

import pandas as pd

from landscape.analysis.comparison import is_spread_a_ratio
from landscape.analysis.frames import AXIS, ScoreFacts
from landscape.analysis.interval import Interval
from landscape.analysis.proportions import share
from landscape.report.tables import Column
from landscape.report.view import View

COLLAPSED = "mode_collapse"
"""The symptom of a training whose samples are nearly the same."""


def stability_columns(facts: ScoreFacts) -> tuple[Column, Column]:
    """Return the columns `collapsed_share`, which `with_collapsed` fills, and `spread`."""
    help_ = f"Share of finished trials that the diagnosis calls collapsed ({COLLAPSED})"
    collapsed = Column("collapsed_share", "Collapsed ↓", "share", True, help_)
    if is_spread_a_ratio(facts):
        return collapsed, Column(
            "spread", "Upper / lower quartile ↓", "number", True, "By what ratio the scores of the middle half of trials vary"
        )
    return collapsed, Column("spread", "Interquartile range ↓", "number", True, "How far the scores of the middle half of trials lie apart")


def with_collapsed(view: View, axis: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame of the levels of an axis with the share of finished trials of the search that collapsed, by Clopper and Pearson.

    Earlier versions wrote no diagnosis if they named no symptom. If no trial of the study has one, nothing shows that any was looked for.
    """
    by_digest = dict(zip(view.table.frame["digest"], view.symptoms, strict=True))
    search, rows = view.table.role("search").finished().frame, []
    nobody_looked = view.undiagnosed.issuperset(search.loc[search["status"] == "completed", "digest"])
    for level in frame["level"] if len(frame) else ():
        of = search[search[AXIS + axis] == level]
        found = share(sum(COLLAPSED in by_digest[digest] for digest in of["digest"]), len(of))
        if nobody_looked:
            found = Interval(None, n=len(of), absent="no trial of this study has a diagnosis")
        elif of["setting"].duplicated().any():
            found = Interval(found.value, n=len(of), absent="several seeds of one setting are not independent")
        rows.append(found.columns("collapsed_share"))
    return frame.assign(**pd.DataFrame(rows, index=frame.index)) if rows else frame
