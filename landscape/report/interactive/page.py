"""Writes the interactive page as one HTML file, with tables, a script that draws the rest, and a policy that allows it alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from landscape.analysis.frames import AXIS, SCORE
from landscape.report.answer_section import AnswerSection, answer_section
from landscape.report.assets import asset, source_hash
from landscape.report.figures._style import unstyled
from landscape.report.health_table import health_table
from landscape.report.importance_table import hyperparameter_importance_table
from landscape.report.interactive.payload import as_script
from landscape.report.study_page import StudyPage
from landscape.report.surfaces_section import surfaces_section
from landscape.report.tables import Table

PAPER_COLUMNS, PAPER_ROWS = 8, 60
CONTENTS = (
    ("answer", "The answer"),
    ("map", "The map"),
    ("distributions", "Distributions"),
    ("budget", "Budget"),
    ("fronts", "Quality and diversity"),
    ("pictures", "Pictures"),
    ("hyperparameters", "Hyperparameters"),
    ("views", "Through other views"),
    ("literature", "Against the literature"),
    ("health", "Training health"),
    ("trials", "Trials"),
    ("other-protocols", "Other protocols"),
    ("method", "How it was done"),
)
LIVE = {"map", "distributions", "budget", "fronts", "pictures", "hyperparameters"}


def interactive_page(page: StudyPage, data: Mapping[str, Any], files: Sequence[str], environment: Environment, *, refresh: int = 0) -> str:
    """Return the page as HTML.

    Args:
        page: The study as data.
        data: The JSON object that `payload` makes of it.
        files: The names of the files beside the page.
        environment: The environment of the templates.
        refresh: The seconds after which an open page loads itself again. 0 stands for never.
    """
    shown = without_strips(page)
    style = str(environment.globals["style"]) + "\n" + asset("page.css")
    script = asset("page.js")
    live = page.view.score is not None and len(page.view.table.frame) > 0
    optional = (("views", page.through), ("literature", page.published), ("other-protocols", page.other_protocols))
    absent = {name for name, there in optional if not there}
    absent |= set() if live else LIVE
    drawn = [page.through.figure if page.through is not None else None, *(axis.ranks.figure for axis in page.axes if axis.ranks)]
    drawn += page.surfaces.figures if page.surfaces is not None else ()
    return environment.get_template("study.html.j2").render(
        page=shown,
        inline={f.name: Markup(unstyled(f.rendered.inline)) for f in drawn if f is not None},  # noqa: S704 - as on the plain page
        answer=page.answer or AnswerSection(""),
        health=page.health,
        paper=paper_table(page) if live else None,
        live=live,
        contents=[(name, text) for name, text in CONTENTS if name not in absent],
        data=Markup(as_script(dict(data))),  # noqa: S704 - no `<` is left in it
        page_style=Markup(style),  # noqa: S704 - the package's own files
        page_script=Markup(script),  # noqa: S704 - the package's own file
        style_hash=Markup(source_hash(style)),  # noqa: S704 - base64
        script_hash=Markup(source_hash(script)),  # noqa: S704 - base64
        files=files,
        refresh=refresh,
    )


def without_strips(page: StudyPage) -> StudyPage:
    """Return the page with tables without small drawings. The script draws every trial on one scale instead."""
    axes = tuple(
        replace(a, levels=_plain(a.levels), confirmed=a.confirmed and _plain(a.confirmed), contrasts=a.contrasts and _plain(a.contrasts))
        for a in page.axes
    )
    others = tuple((name, tuple(_plain(t) for t in tables)) for name, tables in page.other_protocols)
    return replace(page, axes=axes, cells=page.cells and _plain(page.cells), other_protocols=others)


def _plain(table: Table) -> Table:
    return replace(table, columns=tuple(c for c in table.columns if c.kind != "strip"))


def paper_table(page: StudyPage) -> Table:
    """Return the best trials in eight columns, for paper and for readers without scripts."""
    view = page.view
    whole = page.trials
    assert whole is not None
    wanted = ["digest", SCORE + str(view.score), *(AXIS + axis for axis in view.table.axes), "status", "seconds"]
    rest = [c.key for c in whole.columns if c.key.startswith(SCORE) and c.key not in wanted]
    keys = [*wanted, *rest][:PAPER_COLUMNS]
    columns = tuple(next(c for c in whole.columns if c.key == key) for key in keys)
    caption = "The best trials in eight columns; all trials and columns are in trials.csv."
    return Table("trials", "All trials, the best first", caption, columns, whole.frame, most_rows=PAPER_ROWS)


def answer_of_page(page: StudyPage) -> StudyPage:
    """Return the page with its answer, what its scores depend on, and its health table."""
    if page.found is None:
        return replace(page, health=health_table(page.view) if len(page.view.table.frame) else None)
    return replace(
        page,
        answer=answer_section(page.view, page.summary.best, page.found),
        importance=hyperparameter_importance_table(page.view),
        surfaces=surfaces_section(page.view),
        health=health_table(page.view),
    )
