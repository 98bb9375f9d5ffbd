"""The page that compares the levels of an axis across tasks."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from landscape.analysis.across_tasks import LEVEL, StudyOfTask, ends_of, levels_of, order_in_words, ranks_over_studies, together, verdict
from landscape.analysis.answering import answer_of
from landscape.core.errors import UserError, unknown
from landscape.core.wording import plural, words
from landscape.report.charts import Chart
from landscape.report.figures._style import house_style, label_styles, legend_below, new_figure, render
from landscape.report.formats import number
from landscape.report.level_ranks import ranks_in_words
from landscape.report.reproduction_page import ReproductionPage, Section, write
from landscape.report.study_figures import Drawn
from landscape.report.tables import Column, Table
from landscape.report.view import View, view_of
from landscape.results.studies import Study

_CAPTION = (
    "Share of the way from the task's baseline (0) to real samples (1), by each study's objective: of logarithms for scores on a log scale."
    " Mean over the fresh seeds of the level's best setting; brackets: its 95% interval at the given ends. Raw scores of two tasks are not"
    " compared."
)


def study_of_task(study: Study, axis: str, studies: int) -> StudyOfTask:
    """Return what a study says of the levels of an axis.

    Args:
        study: The study.
        axis: The axis whose levels are compared.
        studies: The number of studies that are compared, over which intervals hold together.

    Raises:
        UserError: Nothing of the study was scored, or it does not compare the axis.
    """
    view, name = view_of(study), study.name
    if view.score is None:
        raise UserError(f"study {name}: nothing was scored, so that it says nothing of its {words(axis)}")
    answer, stricter = (answer_of(view.study, view.table, view.score, level=level) for level in (LEVEL, together(studies)))
    found, strict = answer.axis(axis), stricter.axis(axis)
    if found is None or strict is None:
        raise unknown(f"axis of {name} with several levels", axis, [a.axis for a in answer.axes])
    start, what = (view.baseline, view.baseline_name) if view.baseline else (view.class_blind, "exchanged classes")
    ends = ends_of(start.value if start else None, what, view.floor_value, is_log=view.facts.is_log)
    task, dataset = _task_and_data(view)
    decided = frozenset((pair.better, pair.other) for pair in strict.pairs if pair.decided)
    levels = levels_of(found, ends)
    return StudyOfTask(name, task, dataset, view.score, found.state, found.best, ends, levels, found.pairs, decided, answer.is_log)


def _task_and_data(view: View) -> tuple[str, str]:
    configs = [trial.record.config for trial in view.study.trials]
    tasks = {str((config.get("task") or {}).get("name", "unconditional")) for config in configs}
    datasets = {str((config.get("dataset") or {}).get("name", "")) for config in configs}
    return " and ".join(sorted(tasks)), " and ".join(sorted(datasets))


def across_table(studies: Sequence[StudyOfTask], axis: str) -> Table:
    """Return a row for each level, with its share and its place in each study."""
    levels = list(dict.fromkeys(level.level for study in studies for level in study.levels))
    rows = []
    for level in levels:
        row: dict[str, object] = {"level": level}
        for i, study in enumerate(studies):
            found = next((one for one in study.levels if one.level == level), None)
            row |= found.share.columns(f"share{i}") if found else {}
            row[f"place{i}"] = f"{found.place} of {len(study.levels)}" if found else ""
        rows.append(row)
    columns = [Column("level", words(axis).capitalize())]
    for i, study in enumerate(studies):
        columns.append(Column(f"share{i}", study.study, "number", interval=True, note=f"place{i}", help=f"{study.task} on {study.dataset}"))
    frame = pd.DataFrame(rows, columns=[key for column in columns for key in column.keys])
    return Table("across_tasks", f"{words(axis).capitalize()} by task", _CAPTION, tuple(columns), frame)


def ends_table(studies: Sequence[StudyOfTask]) -> Table:
    """Return a row for each study: its task, its data, its score, and the two ends between which levels are placed."""
    rows = [
        {
            "study": s.study,
            "task": s.task,
            "dataset": s.dataset,
            "score": s.score,
            "start": f"{number(s.ends.start)} ({s.ends.name})" if s.ends else "none, so that levels have places and no shares",
            "floor": number(s.ends.floor) if s.ends else "",
            "best": f"{s.best} ({s.state})" if s.best else s.state,
        }
        for s in studies
    ]
    labels = ("Study", "Task", "Data", "Score", "Baseline, share 0", "Real samples, share 1", "Ahead")
    columns = tuple(Column(key, label) for key, label in zip(rows[0], labels, strict=True))
    caption = "Scores of the baseline and of real samples under each study's protocol."
    return Table("studies", "The studies", caption, columns, pd.DataFrame(rows))


def shares_frame(studies: Sequence[StudyOfTask]) -> pd.DataFrame:
    """Return a row for each level of each study that has a share: study, level, share, share_low, share_high."""
    placed = [(study.study, one) for study in studies for one in study.levels if one.share.value is not None]
    rows = [{"study": name, "level": one.level} | one.share.columns("share") for name, one in placed]
    return pd.DataFrame(rows, columns=["study", "level", "share", "share_low", "share_high"])


@house_style
def draw_shares(frame: pd.DataFrame) -> Figure:
    """Draw a line of levels for each study, with the baseline at 0 and real samples at 1."""
    levels, styles = list(dict.fromkeys(frame["level"])), label_styles(dict.fromkeys(frame["study"]))
    figure, axes = new_figure(1.2 + 0.45 * len(levels))
    for i, (study, rows) in enumerate(frame.groupby("study", sort=False)):
        style, shift = styles[str(study)], 0.12 * (i - (len(styles) - 1) / 2)
        at = [levels.index(level) + shift for level in rows["level"]]
        axes.plot(rows["share"], at, style.marker, color=style.color, markersize=5, label=str(study))
        for y, low, high in zip(at, rows["share_low"], rows["share_high"], strict=True):
            axes.plot([low, high], [y, y], color=style.color, linewidth=1.4)
    for end in (0.0, 1.0):
        axes.axvline(end, color="0.5", linewidth=0.8, linestyle="--")
    axes.set_yticks(range(len(levels)), levels)
    axes.set_xlabel("share of the way from baseline (0) to real samples (1)")
    legend_below(figure, axes)
    return figure


def across_page(studies: Sequence[StudyOfTask], axis: str) -> ReproductionPage:
    """Return the whole page as data."""
    frame = shares_frame(studies)
    title = f"Shares of {words(axis)} levels"
    figures: tuple[Drawn, ...] = ()
    if len(frame):
        label = "share of the way from baseline (0) to real samples (1)"
        rows = frame.assign(row=frame["level"] + ", " + frame["study"])
        chart = Chart("intervals", rows, "share", "row", label, series="study", low="share_low", high="share_high", band=(0.0, 1.0))
        drawing = render(draw_shares(frame), "across_tasks", title)
        caption, alt = "A point for each level of each study. Shaded: between baseline and real samples.", "Shares of levels by study."
        figures = (Drawn("across_tasks", title, caption, alt, frame, drawing, chart=chart),)
    ranks = ranks_over_studies(studies)
    said = (ranks_in_words(ranks, "study", "studies"),) if ranks is not None else ()
    levels = Section("Levels by task", (*order_in_words(studies), *said), (across_table(studies, axis),), figures)
    return ReproductionPage(
        title=f"{words(axis).capitalize()} across tasks",
        source=plural(len(studies), "study", "studies"),
        verdict=verdict(studies, axis),
        sections=(levels, Section("What was compared", (), (ends_table(studies),))),
        facts=(("Command", f"landscape across {' '.join(s.study for s in studies)} --by {axis}"),),
        kind="comparison of",
    )


def write_across(studies: Sequence[StudyOfTask], axis: str, folder: Path) -> Path:
    """Write the page into `folder` and return its path.

    Raises:
        UserError: The folder cannot be written.
    """
    return write(across_page(studies, axis), folder)
