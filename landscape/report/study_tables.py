"""Makes the tables of a study's page, each from one frame of `analysis`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from landscape.analysis.answer import AxisAnswer
from landscape.analysis.comparison import compare_cells, compare_levels, diversity_score
from landscape.analysis.frames import AXIS, HIGH, LOW, SCORE, SCREENED_OUT, STOPPED_EARLY, ScoreFacts
from landscape.analysis.top_shares import levels_by_share
from landscape.core.wording import join, words
from landscape.report.formats import duration
from landscape.report.stability_columns import stability_columns, with_collapsed
from landscape.report.tables import Column, Table
from landscape.report.view import View
from landscape.results.score_names import BASELINE, CLASS_BLIND, COPY

BEST_TRIALS = 4
QUANTILE_HELP = "The score that this share of trials reaches, diverged ones counted"
STRIP_HELP = (
    "Dots: trials (at most 120 drawn). Bar and large dot: the top quantile and its interval. Dashes: real against real. Red: diverged"
)


def arrow(facts: ScoreFacts) -> str:
    """Return `↓` if lower is better, `↑` if higher is better, and `→ real` if the value of real samples is best."""
    return " → real" if facts.target == "real" else {"lower": " ↓", "higher": " ↑"}.get(facts.direction, "")


def _statistics(view: View) -> tuple[Column, ...]:
    facts = view.facts
    columns = [
        Column(
            "best",
            f"Best{arrow(facts)}",
            "number",
            help="Best of all trials: the more trials, the better it looks, so it has no interval",
        ),
        Column("quantile", f"Top quantile{arrow(facts)}", "number", True, QUANTILE_HELP, "quantile_name", optional=True),
        Column("scores", "Every trial, and the top quantile", "strip", help=STRIP_HELP, of="quantile"),
        Column("diverged_share", "Diverged ↓", "share", True, "Share of finished trials whose loss or weights became non-finite"),
    ]
    if name := diversity_score(view.table.scores):
        columns.append(Column("diversity", f"Diversity of best: {name}{arrow(view.table.scores[name])}", "number"))
    if (view.table.role("search").frame["status"] == STOPPED_EARLY).any():
        columns.append(Column("stopped_early", "Stopped early", "count", help="Trials ended on the way, which count in no other column"))
    return (*columns, Column("seconds_per_trial", "Time a trial", "seconds", note="time_in_all"))


def levels_table(view: View, axis: str, prefix: str = "") -> Table:
    """Return the comparison of the levels of one axis over all trials of the search."""
    assert view.score is not None
    frame = _with_times(compare_levels(view.table, axis, view.score, given_search=view.given_search))
    wins = Column(
        "wins", "Beats another level ↑", "share", True, "How often a random trial of this level scores better than one of another level"
    )
    columns = (Column("level", words(axis)), Column("trials", "Trials", "count"), *_statistics(view))
    at = 1 + next(i for i, column in enumerate(columns) if column.key == "diverged_share")
    columns = (*columns[:4], wins, *columns[4:at], *stability_columns(view.facts), *columns[at:])
    frame = with_collapsed(view, axis, frame)
    caption = f"{view.score} by {words(axis)}, whatever the other axes. {_reading(view, '; spread: bootstrap, from 25 trials on')}"
    return Table(f"{prefix}levels_{axis}", f"By {words(axis)}", caption, columns, frame, floor=view.floor_value)


def shares_table(view: View, axis: str) -> Table | None:
    """Return the order of the levels of an axis at each share of best trials, or None if fewer than two levels have scores."""
    assert view.score is not None
    found = levels_by_share(view.table, axis, view.score)
    if found is None:
        return None
    levels = [Column(f"level{i}", level, "number", True) for i, level in enumerate(found.levels)]
    columns = (Column("trials", "Trials that count"), Column("order", "Order, the best first"), *levels)
    taken = zip(found.frame["share"], found.frame["is_best"], strict=True)
    frame = found.frame.assign(trials=["the best one" if is_best else f"the best {100 * share:g}%" for share, is_best in taken])
    first = frame.groupby("ahead", sort=False)["trials"].apply(list)
    if len(first) == 1:
        said = f"{first.index[0]} is ahead by all of these shares."
    else:
        said = join([f"{level} is ahead by {join(shares)}" for level, shares in first.items()])
        said = f"Which level is ahead depends on the share: {said}."
    caption = (
        f"{view.score} that each share of a level's search trials reaches, diverged ones counted. {said} Brackets: 95% intervals (order"
        f" statistics){view.given}."
    )
    return Table(f"shares_{axis}", f"Order of {words(axis)} levels by the share of best trials", caption, columns, frame)


def _with_times(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(time_in_all=[f"{duration(x)} in all" for x in frame["seconds"]]) if len(frame) else frame


def _reading(view: View, spread: str = "") -> str:
    protocol = (view.table.protocol or {}).get("name", "?")
    return (
        f"Brackets: 95% intervals (quantiles: order statistics; shares: Clopper-Pearson; wins: placements, Welch{spread}){view.given}. "
        f"Protocol {protocol}. A diverged trial counts as worse than every score."
    )


def cells_table(view: View) -> Table:
    """Return the comparison of the cells, the best first."""
    assert view.score is not None
    frame = compare_cells(view.table, view.score, given_search=view.given_search)
    axes = tuple(Column(axis, words(axis)) for axis in view.table.axes)
    first = axes or (Column("cell", "Cell"),)
    statistics = (replace(c, note="") if c.key == "seconds_per_trial" else c for c in _statistics(view))
    columns = (*first, Column("trials", "Trials", "count"), *statistics)
    caption = f"{view.score} by cell, the best first. {_reading(view)} A top quantile needs 6 trials in the cell."
    return Table("cells", "By cell", caption, columns, frame, floor=view.floor_value, compact=True)


def confirmation_table(view: View, answer: AxisAnswer, *, is_log: bool) -> Table:
    """Return the results on fresh seeds of the settings that stand for the levels of an axis, the best level first."""
    columns = (
        Column("level", words(answer.axis)),
        Column("cell", "Setting from cell"),
        Column("seeds", "Fresh seeds", "count"),
        Column("diverged", "Diverged", "count"),
        Column("mean", f"{'Geometric mean' if is_log else 'Mean'}{arrow(view.facts)}", "number", True),
        Column("scores", "Every seed, and the mean", "strip", of="mean"),
        Column("why_no_interval", "Note", optional=True),
    )
    trained = view.table.role("confirmation").frame
    rows = [
        {
            "level": level.level,
            "cell": "; ".join(dict.fromkeys(trained.loc[trained["setting"].isin(level.settings), "cell"])),
            "seeds": len(level.scores),
            "diverged": level.diverged,
            "scores": tuple(score for score in level.scores if score is not None),
            **level.mean.columns("mean"),
            "why_no_interval": level.mean.absent,
        }
        for level in answer.levels
        if level.confirmation.trials
    ]
    caption = f"{view.score}: the best setting of each level, retrained on fresh seeds; 95% intervals, Student's t over seeds."
    if len(answer.partners) > 1:
        caption += f" The score of a seed is its mean over {len(answer.partners)} combinations of the other axes."
    title = f"Confirmation runs by {words(answer.axis)}"
    return Table(f"confirmed_{answer.axis}", title, caption, columns, pd.DataFrame(rows), floor=view.floor_value)


def contrast_table(answer: AxisAnswer, score: str, *, is_log: bool) -> Table:
    """Return a table of every pair of confirmed levels that have common seeds. `score` is the name of the compared score."""
    rows = [
        {
            "better": pair.better,
            "other": pair.other,
            "decided": "decided" if pair.decided else "not decided",
            "seeds": pair.seeds,
            "why": "by the number of diverged seeds" if pair.by_divergence else pair.difference.absent,
            **pair.difference.columns("difference"),
        }
        for pair in answer.pairs
    ]
    columns = (
        Column("better", "Ahead"),
        Column("other", "Behind"),
        Column("seeds", "Common seeds", "count"),
        Column("difference", "Ratio of geometric means" if is_log else "Difference of means", "number", True),
        Column("decided", "Verdict"),
        Column("why", "Note", optional=True),
    )
    each = answer.pairs[0].difference.level
    caption = (
        f"{score}: pairs of {words(answer.axis)} levels. Decided: the interval excludes {'1' if is_log else '0'}, or fewer seeds diverged"
    )
    caption += f" (Fisher's exact test). Student's t over paired seeds, {100 * each:.4g}% for each pair and look"
    caption += ", so that all of them hold together with 95% (Bonferroni)." if each > 0.95 else "."
    return Table(f"contrasts_{answer.axis}", f"Verdicts by {words(answer.axis)}", caption, columns, pd.DataFrame(rows))


def best_trials_table(view: View) -> Table:
    """Return a table of every score: a row for each, and columns for the best trials of the search and for real samples.

    Scores that read classes have a column of what real samples score under exchanged classes too, those of a task with a baseline a column
    of it, and those of speech one of copy synthesis.
    """
    assert view.score is not None
    top = view.best_first(view.table.role("search").frame).head(BEST_TRIALS).to_dict("records")
    names = [view.score, *(n for n in view.table.scores if n != view.score)]
    rows = []
    for name in names:
        row: dict[str, Any] = {"score": name + arrow(view.table.scores[name])} | _floor_cell(view, name)
        row |= {"blind": found.value} if (found := view.floors.get(CLASS_BLIND + name)) else {}
        row |= {"copy": found.value} if (found := view.floors.get(COPY + name)) else {}
        row |= {"baseline": found.value} if (found := view.floors.get(BASELINE + name)) else {}
        for i, trial in enumerate(top):
            row |= {f"trial_{i}{end}": trial.get(prefix + name) for end, prefix in _ENDS}
        if SCORE + name in view.table.frame and is_counted(view.table.frame[SCORE + name]):
            row = {key: int(value) if isinstance(value, float) and value.is_integer() else value for key, value in row.items()}
        rows.append(row)
    trials = (Column(f"trial_{i}", f"{trial['cell']}, {trial['digest'][:8]}", "number", True) for i, trial in enumerate(top))
    yardsticks = (
        Column("floor", "Real against real", "number", True, optional=True),
        Column("blind", "Real under exchanged classes", "number", optional=True),
        Column("copy", "Copy synthesis", "number", optional=True),
        Column("baseline", f"Baseline: {view.baseline_name}", "number", optional=True),
    )
    columns = (Column("score", "Score"), *yardsticks, *trials)
    caption = (
        f"Every score of the {len(top)} best trials by {view.score}{' on the selection samples' if view.selects_apart else ''}. Brackets:"
        " the score's own 95% interval over samples of this one model; it does not cover another seed, nor that these trials were picked as"
        " the best."
    )
    if view.baseline_name:
        caption += " Where a score compares samples with their targets, real against real is the score of the targets themselves."
    return Table("best_trials", "All scores of the best trials", caption, columns, pd.DataFrame(rows, columns=_keys(columns), dtype=object))


def is_counted(values: pd.Series) -> bool:
    """Return whether all values of a score are whole numbers, such as the number of modes found."""
    known = pd.to_numeric(values, errors="coerce").dropna()
    return bool(len(known) and (known == known.round()).all() and known.abs().max() >= 2)


_ENDS = (("", SCORE), ("_low", LOW), ("_high", HIGH))


def _floor_cell(view: View, score: str) -> dict[str, float]:
    found = view.floors.get(score)
    if found is None:
        return {}
    low, high = found.interval or (np.nan, np.nan)
    return {"floor": found.value, "floor_low": low, "floor_high": high}


def _keys(columns: tuple[Column, ...]) -> list[str]:
    return [key for column in columns for key in column.keys]


def trials_table(view: View) -> Table:
    """Return every trial with its axes, status, cost, scores and settings. The page shows the best, and the CSV holds all of them."""
    frame = view.table.frame.copy()
    if view.score is not None and SCORE + view.score in frame:
        frame = frame.loc[(frame[SCORE + view.score] * view.facts.sign).sort_values(kind="stable", na_position="last").index]
    names = [view.score, *(n for n in view.table.scores if n != view.score)] if view.score else []
    columns = (
        Column("digest", "Trial"),
        *(Column(AXIS + axis, words(axis)) for axis in view.table.axes),
        Column("role", "Role"),
        Column("status", "Status"),
        Column("d_steps", "D steps", "count"),
        Column("seconds", "Time", "seconds"),
        *(Column(SCORE + n, n + arrow(view.table.scores[n]), "number") for n in names),
        *(Column(setting.column, setting.name, kind_of(frame[setting.column])) for setting in view.settings),
    )
    caption = (
        "Every trial, best first. Settings that were the same in all trials are left out, and so are those that an axis shows; "
        "settings that were always equal share a column."
    )
    return Table("trials", "All trials", caption, columns, frame.reset_index(drop=True), most_rows=50)


def kind_of(values: pd.Series) -> str:
    """Return how a column of settings is written: `count` for whole numbers, `number` for other numbers, and otherwise `text`."""
    known = values.dropna()
    numbers = pd.to_numeric(known, errors="coerce")
    if numbers.isna().any() or any(isinstance(v, bool) for v in known):
        return "text"
    return "count" if np.isfinite(numbers).all() and (numbers == numbers.round()).all() else "number"


def unfinished_table(view: View) -> Table:
    """Return a table of trials without a score and of combinations that were skipped, with the reason for each."""
    frame = view.table.frame
    score = frame[SCORE + view.score] if view.score and SCORE + view.score in frame else pd.Series(np.nan, index=frame.index)
    rows = [
        {"cell": row["cell"], "status": row["status"], "digest": row["digest"], "reason": row["reason"] or _failure(view, row["digest"])}
        for row in frame[score.isna()].to_dict("records")
    ]
    skipped = view.study.facts.get("skipped")
    for entry in skipped if isinstance(skipped, list) else []:
        cell = entry.get("cell") if isinstance(entry, Mapping) else None
        text = " · ".join(str(v) for v in cell.values()) if isinstance(cell, Mapping) else str(cell)
        rows.append(
            {"cell": text, "status": "skipped", "digest": "", "reason": str(entry.get("reason", "")) if isinstance(entry, Mapping) else ""}
        )
    last = ("failed", "stopped", "completed", "diverged", STOPPED_EARLY, SCREENED_OUT, "skipped")
    order: dict[str, int] = {status: i for i, status in enumerate(last)}
    rows.sort(key=lambda row: (order.get(str(row["status"]), 9), str(row["cell"])))
    rows = [row | {"status": words(str(row["status"]))} for row in rows]
    columns = (Column("cell", "Cell"), Column("status", "Status"), Column("reason", "Reason"), Column("digest", "Trial"))
    caption = (
        "Diverged trials are results and count in every table above; failed and stopped ones say nothing about a method and do not count,"
        " of screened ones few samples showed that they do not win, and those stopped early were worse than others at the same share of"
        " their training."
    )
    return Table("unfinished", "Without a score", caption, columns, pd.DataFrame(rows, columns=["cell", "status", "reason", "digest"]))


def _failure(view: View, digest: str) -> str:
    """Return the reason why a completed trial lacks its score."""
    for scores in view.trial(digest).scores.values():
        if view.table.protocol and scores.protocol.get("digest") == view.table.protocol.get("digest") and view.score in scores.failures:
            return f"score could not be computed: {scores.failures[str(view.score)]}"
    return "not scored under this protocol"


def figure_table(name: str, title: str, frame: pd.DataFrame) -> Table:
    """Return the data of a figure as a table, for its CSV file."""
    columns = tuple(Column(str(key), str(key), "text" if frame[key].dtype == object else "number") for key in frame)
    return Table(name, title, "", columns, frame)
