"""Makes the page of the ledger: every published number, and this project's number beside it if its row was run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from landscape.analysis.agreement import Agreement
from landscape.core.files import write_bytes
from landscape.core.wording import plural
from landscape.published.costs import CPU_RATE, GPU_RATE, costs
from landscape.published.settings import BECAUSE, papers
from landscape.report.build import PAGE, published_environment
from landscape.report.charts import Chart
from landscape.report.placing import place
from landscape.report.published_rows import Line, hours, lines, machines, steps
from landscape.report.tables import Column, Table
from landscape.results.published_runs import FOLDER

FILTERS = ("paper", "dataset", "metric", "verdict")
"""The columns by which the page can be filtered."""
_PLACE = (Column("dataset", "Data set"), Column("paper", "Paper"))
_NUMBER = (
    Column("row", "Row"),
    Column("metric", "Metric"),
    Column("published", "Published"),
    Column("ours", "Ours", "number", interval=True),
)
_RUN = (
    *_NUMBER,
    Column("difference", "Difference", "number", interval=True),
    Column("margin", "Margin", "number"),
    Column("verdict", "Verdict"),
    Column("note", "Note"),
    Column("seeds", "Seeds", "count"),
    Column("steps", "D steps", "count"),
    Column("hours", "Hours", "number"),
    Column("machine", "Machine"),
)
_ALL = (
    *_NUMBER,
    Column("verdict", "Verdict"),
    Column("note", "Note"),
    *_PLACE,
    Column("cost", "Least hours, CPU", "number"),
    Column("source", "Source"),
)


@dataclass(frozen=True)
class LedgerPage:
    """The content of the page before it is written."""

    summary: tuple[str, ...]
    run: Table
    every: Table
    reading: tuple[str, ...]
    criteria: tuple[tuple[str, str, tuple[str, ...]], ...]
    """For each table that can be run: its name, the origin of its margins, and where this project's runs depart from the source."""
    chart: Chart | None = None
    """A chart of the differences of all compared numbers, in units of their margins. None if no number was compared."""
    filters: tuple[str, ...] = FILTERS


def ledger_page(results: Path) -> LedgerPage:
    """Return the ledger with what was run in `results`."""
    found = lines(results)
    rows = [_row(line) for line in found]
    ran = [row for row, line in zip(rows, found, strict=True) if line.done is not None]
    caption = "Ours: the mean over seeds; brackets: 95% intervals. Hours are those of all trainings of the row, scores included."
    every = (
        "A number whose row was run in several ways has a line for each."
        f" Least hours: the counted products of one seed's trainings at {CPU_RATE / 1e9:g} GFLOP/s, two CPU cores; a GPU at"
        f" {GPU_RATE / 1e12:g} TFLOP/s takes {GPU_RATE / CPU_RATE:.0f} times less."
    )
    return LedgerPage(
        summary=tuple(_summary(found)),
        run=Table("run", "Rows that were run", caption, _RUN, pd.DataFrame(ran, columns=_keys(_RUN)), most_rows=5000),
        every=Table("ledger", "Every published number", every, _ALL, pd.DataFrame(rows, columns=_keys(_ALL)), most_rows=5000),
        reading=_READING,
        criteria=tuple(_criteria()),
        chart=_chart(found),
    )


def _chart(found: Sequence[Line]) -> Chart | None:
    """Return the chart of the compared numbers. Each difference is divided by its own margin, so that all fit on one scale."""
    rows = [
        {"number": f"{line.number.key}, {line.number.metric}{_length(line)}", "verdict": line.verdict} | _in_margins(line.found)
        for line in found
        if line.found is not None and line.own
    ]
    told = ("number", "difference_in_margins", "low", "high", "verdict")
    frame = pd.DataFrame(rows, columns=list(told))
    chart = Chart("intervals", frame, "difference_in_margins", "number", "ours minus published, in margins", low="low", high="high")
    return replace(chart, band=(-1.0, 1.0), told=told) if rows else None


def _length(line: Line) -> str:
    """Say how long a reduced run was, by which runs of one row differ."""
    return f", {line.done.share:.3g} of steps" if line.done is not None and line.done.share < 1 else ""


def _in_margins(found: Agreement) -> dict[str, float]:
    columns = found.difference.columns("difference_in_margins")
    return {name.replace("difference_in_margins_", ""): value / found.margin for name, value in columns.items()}


def write_ledger(results: Path, folder: Path) -> Path:
    """Write the page into `folder` as index.html, with its tables as CSV beside it, and return the path of the page.

    Raises:
        UserError: A file in `results` is damaged, or the folder cannot be written.
    """
    page = ledger_page(results)
    files = {f"{table.name}.csv": table.csv() for table in (page.run, page.every)}
    charts = (
        {"run": page.chart.to_json("Ours minus published in margins, a row a number; the table holds the numbers.")} if page.chart else {}
    )
    html = published_environment(charts).get_template("published.html.j2").render(page=page, files=sorted(files))
    place(folder, files)
    write_bytes(folder / PAGE, html.encode())
    return folder / PAGE


def has_published(results: Path) -> bool:
    """Return whether any row of a published table was run in `results`."""
    return (Path(results) / FOLDER).is_dir()


_READING = (
    "A verdict compares the interval of the difference with a margin that was fixed before the run: `agrees` where the interval lies within"
    " the margin, `not reproduced` where it lies outside, else `undecided`. Fewer trainings, steps or settings than published make a row"
    " `reduced`, without a verdict. Where no interval has shown coverage at this number of seeds, the row says so.",
    "A printed standard error, or a standard deviation over a known number of trainings, enters the interval. Where none is printed, or one"
    " that says nothing of another training, the published value is taken to vary from training to training as ours does.",
    "A recalled number was written down from memory and not read in its source: it is withheld. What was read off a figure says so.",
)


def _keys(columns: Sequence[Column]) -> list[str]:
    return [key for column in columns for key in column.keys]


def _row(line: Line) -> dict[str, Any]:
    number, cost = line.number, costs().get(line.number.key)
    row: dict[str, Any] = {
        "row": number.key,
        "paper": number.paper,
        "dataset": number.dataset,
        "metric": number.metric,
        "published": number.shown,
        "verdict": line.verdict,
        "cost": cost.hours(CPU_RATE) if cost is not None else math.nan,
        "note": line.note,
        "source": number.source,
    }
    for name, found in (("ours", line.found.ours), ("difference", line.found.difference)) if line.found is not None else ():
        row |= found.columns(name)
    if line.found is not None:
        row["margin"] = line.found.margin
    if line.done is not None:
        row |= {"seeds": line.done.seeds, "steps": steps(line.done), "hours": hours(line.done), "machine": machines(line.done)}
    return row


def _summary(found: Sequence[Line]) -> list[str]:
    numbers = {(line.number.key, line.number.metric): line for line in found}
    count = _counts([line for line in found if line.own])
    possible = [line for line in numbers.values() if line.setting.expressible]
    ran = {(line.number.key, line.number.metric) for line in found if line.own}
    changed = {(line.number.key, line.done.share, line.done.note) for line in found if line.done is not None and not line.own}
    said = ", ".join(f"{n} {verdict}" for verdict, n in count.items())
    again = f", some at several lengths, {sum(count.values())} comparisons in all" if sum(count.values()) > len(ran) else ""
    obstacles: dict[str, int] = {}
    for line in numbers.values():
        if line.setting.cannot is not None:
            obstacles[line.setting.cannot.because] = obstacles.get(line.setting.cannot.because, 0) + 1
    aside = f"{plural(len(changed), 'run')} of rows with something else changed, as the notes say: to test what it explains."
    reasons = ", ".join(f"{BECAUSE[because]} ({n})" for because, n in sorted(obstacles.items(), key=lambda item: -item[1]))
    return [
        f"{plural(len(numbers), 'published number')} of {plural(len(papers()), 'paper')}; {len(possible)} belong to rows that can be run"
        f" here; {plural(len(ran), 'number')} {'has' if len(ran) == 1 else 'have'} a run{again}: {said or 'none yet'}.",
        f"Why the others cannot be run: {reasons}.",
        *([aside] if changed else []),
    ]


def _counts(found: Sequence[Line]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for line in found:
        counts[line.verdict] = counts.get(line.verdict, 0) + 1
    return counts


def _criteria() -> list[tuple[str, str, tuple[str, ...]]]:
    rows = []
    for paper, said in papers().items():
        for name, table in said.tables.items():
            described = [table, *(part for part in table.parts.values() if part.criterion)]
            if criterion := next((part for part in described if part.criterion), None):
                rows.append((f"{paper}/{name}: {table.title}", str(criterion.criterion), criterion.departures or ()))
    return rows
