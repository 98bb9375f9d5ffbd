"""Makes the table of training health: finished, healthy and diverged trials by cell, and how often each symptom was found."""

import math
from typing import Any

import pandas as pd

from landscape.analysis.frames import STOPPED_EARLY
from landscape.analysis.interval import Interval
from landscape.analysis.proportions import share
from landscape.core.wording import plural
from landscape.report import formats
from landscape.report.tables import Column, Table
from landscape.report.view import View


def health_table(view: View) -> Table | None:
    """Return a table with a row for each cell of the search, the healthiest last, or None if no trial has finished.

    Trials that were stopped early are counted in a column of their own, because the rules are about the end of a whole training.
    """
    table = view.table.role("search").finished()
    if not len(table.frame):
        return None
    by_digest = dict(zip(view.table.frame["digest"], view.symptoms, strict=True))
    names = sorted({name for digest in table.frame["digest"] for name in by_digest[digest]} - {"diverged"})
    everything = view.table.role("search").frame
    stopped = everything.loc[everything["status"] == STOPPED_EARLY, "cell"].value_counts()
    finished = {cell: list(group["digest"]) for cell, group in table.frame.groupby("cell", sort=False)}
    found = finished | {cell: [] for cell in stopped.index if cell not in finished}
    rows = [
        _row(str(cell), [by_digest[d] for d in digests], names, len(view.undiagnosed.intersection(digests)))
        | {"stopped_early": int(stopped.get(cell, 0))}
        for cell, digests in found.items()
    ]
    rows.sort(key=lambda row: (math.isnan(row["healthy"]), row["healthy"], row["cell"]))
    columns = (
        Column("cell", "Cell"),
        Column("trials", "Trials", "count"),
        Column("healthy", "Healthy ↑", "share", True, help="Finished trials without a symptom"),
        *([Column("undiagnosed", "Not diagnosed", "count")] if view.undiagnosed.intersection(table.frame["digest"]) else []),
        Column("diverged", "Diverged", "count"),
        *([Column("stopped_early", "Stopped early", "count")] if len(stopped) else []),
        *(Column(name, name.replace("_", " ").capitalize(), "count") for name in names),
    )
    frame = pd.DataFrame(rows, columns=[key for column in columns for key in column.keys])
    caption = "Symptoms as the diagnosis at the end of a training names them; a trial may have several. Brackets: 95%, Clopper-Pearson."
    unknown = len(view.undiagnosed.intersection(table.frame["digest"]))
    said = "" if len(stopped) or unknown else _all_healthy([by_digest[digest] for digest in table.frame["digest"]], len(rows))
    if unknown:
        were = plural(unknown, "trial has", "trials have")
        caption += f" {were} no diagnosis: an earlier version wrote none, and its rules knew fewer symptoms. Their cells have no share."
    return Table("health", "Training health by cell", caption, columns, frame, compact=True, summary=said)


def _all_healthy(found: list[tuple[str, ...]], cells: int) -> str:
    """Return the sentence that says that no trial of more than one cell has a symptom, or an empty text if one has."""
    if cells < 2 or any(found):
        return ""
    ends = share(len(found), len(found))
    return (
        f"Healthy: all {plural(len(found), 'finished trial')} in {plural(cells, 'cell')}. None diverged, and the diagnosis names no symptom"
        f" (share of healthy trials {formats.share(1.0)} {formats.interval(ends.low, ends.high, formats.share)})."
    )


def _row(cell: str, found: list[tuple[str, ...]], names: list[str], undiagnosed: int) -> dict[str, Any]:
    healthy = sum(not one for one in found)
    healthy_share = Interval(None, n=len(found), absent="not all diagnosed") if undiagnosed else share(healthy, len(found))
    counts = {name: sum(name in one for one in found) for name in names}
    return (
        {"cell": cell, "trials": len(found), "undiagnosed": undiagnosed, "diverged": sum("diverged" in one for one in found)}
        | healthy_share.columns("healthy")
        | counts
    )
