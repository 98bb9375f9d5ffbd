"""Draws the budget curve: the score that k trials can be expected to reach, and what they cost."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from landscape.analysis.best import budget_curve
from landscape.analysis.frames import AXIS, SCORE, ScoreFacts, TrialTable
from landscape.analysis.interval import Values
from landscape.analysis.practitioner import simulated_practitioners
from landscape.report.figures._style import (
    NARROW,
    LabelStyle,
    draw_floor,
    headline,
    house_style,
    label_styles,
    legend_below,
    new_figure,
    scale,
    score_label,
)

ALL = "all"
RANDOM_STATE = 0
PRACTITIONER = ("practitioner", "practitioner_error", "practitioner_low", "practitioner_high")
"""The columns of what simulated practitioners report."""


def budgets(n: int) -> list[int]:
    """Return about twenty numbers of trials from 1 to n / 2, evenly spread in their logarithms."""
    top = max(1, n // 2)
    return sorted({round(x) for x in np.geomspace(1, top, 20)})


def data(table: TrialTable, score: str, axis: str | None = None, selection: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Return a row for each level and budget: level, n, trials (k), seconds (of k trials), expected, low, high.

    If `axis` is None, all trials are one level. A diverged trial counts as the worst finite score of the study, because it has none itself.

    With `selection`, the cost by which each trial is chosen by its digest, the columns practitioner, practitioner_error, practitioner_low
    and practitioner_high follow: the mean of what simulated practitioners report, its standard error by the simulation, and the range of
    95% of them.
    """
    search = table.role("search")
    all_costs = search.costs(score)
    if not np.isfinite(all_costs).any():
        return pd.DataFrame(columns=["level", "n", "trials", "seconds", "expected", "low", "high"])
    worst = float(all_costs[np.isfinite(all_costs)].max())
    groups = {ALL: search}
    if axis is not None:
        groups = {str(x): search.where(search.frame[AXIS + axis] == x) for x in sorted(search.frame[AXIS + axis].unique())}
    found = [pd.DataFrame(_rows(level, group, score, worst)) for level, group in groups.items()]
    if selection is not None:
        of = zip(found, groups.values(), strict=True)
        found = [rows.join(_practitioners(rows, group, score, worst, selection)) for rows, group in of]
    return pd.concat([rows for rows in found if len(rows)], ignore_index=True)


def _rows(level: str, group: TrialTable, score: str, worst: float) -> list[dict[str, float | str | int]]:
    facts = group.scores[score]
    costs = np.minimum(group.costs(score), worst)
    seconds = float(group.finished().frame["seconds"].sum()) / max(1, len(costs))  # This is the time of all seeds of a setting.
    rows: list[dict[str, float | str | int]] = []
    ks = budgets(len(costs))
    curve = budget_curve(costs, ks, random_state=RANDOM_STATE, lower_bound=facts.lower_bound, worst=worst)
    for k, found in zip(ks, curve, strict=False):
        shown = found.mirrored() if facts.sign < 0 else found
        estimate = shown.columns("expected")
        ends = {"low": estimate["expected_low"], "high": estimate["expected_high"]}
        rows.append({"level": level, "n": len(costs), "trials": k, "seconds": k * seconds, "expected": estimate["expected"]} | ends)
    return rows


def _practitioners(rows: pd.DataFrame, group: TrialTable, score: str, worst: float, selection: Mapping[str, float]) -> pd.DataFrame:
    """Return what simulated practitioners report at the budgets of `rows`."""
    if rows.empty:
        return pd.DataFrame(index=rows.index)
    sign = group.scores[score].sign
    costs = np.minimum(group.costs(score), worst)
    found = simulated_practitioners(_selection_costs(group, score, selection), costs, rows["trials"].tolist(), random_state=RANDOM_STATE)
    reported = [(sign * one.mean, one.error, *sorted((sign * one.low, sign * one.high))) for one in found]
    return pd.DataFrame(reported, columns=PRACTITIONER, index=rows.index)


def _selection_costs(group: TrialTable, score: str, selection: Mapping[str, float]) -> Values:
    """Return the costs by which the settings of `group.costs(score)` are chosen, in the same order."""
    frame, sign = group.frame, group.scores[score].sign
    reported = frame[SCORE + score]
    chosen_by = (frame["digest"].map(selection) * sign).where(reported.notna()).fillna(reported)
    return replace(group, frame=frame.assign(**{SCORE + score: chosen_by})).costs(score)


@house_style
def draw(frame: pd.DataFrame, facts: ScoreFacts, floor: float | None, *, against: str = "trials") -> Figure:
    """Draw the expected best score against the number of trials, or against `seconds` of computing."""
    levels = frame["level"].unique().tolist()
    styles = label_styles(levels) if levels != [ALL] else {ALL: LabelStyle("#0072B2", "o")}
    figure, axes = new_figure(2.75 + 0.16 * ((len(levels) + 2) // 2), NARROW)
    unit, size = _time_unit(frame["seconds"].max()) if against == "seconds" else ("", 1.0)
    for level in levels:
        rows = frame[frame["level"] == level]
        x = rows[against] / size
        axes.fill_between(x, rows["low"], rows["high"], color=styles[level].color, alpha=0.13, linewidth=0)
        axes.plot(
            x,
            rows["expected"],
            color=styles[level].color,
            linewidth=1.7,
            marker=styles[level].marker,
            markersize=3.6,
            markevery=3,
            label=level if levels != [ALL] else None,
        )
    draw_floor(axes, floor, vertical=False)
    scale(axes, "x", frame[against] / size, log=True)
    scale(axes, "y", [*frame["expected"], *frame["low"], *frame["high"], *([floor] if floor else [])], log=facts.is_log)
    axes.set_xlabel("number of models trained" if against == "trials" else f"computing time, {unit}")
    headline(axes, f"expected best {score_label(facts)}")
    legend_below(figure, axes, columns=2)
    return figure


def _time_unit(seconds: float) -> tuple[str, float]:
    if seconds < 300:
        return "seconds", 1.0
    return ("minutes", 60.0) if seconds < 3 * 3600 else ("hours", 3600.0)
