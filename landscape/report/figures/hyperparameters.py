"""Draws the score against each hyperparameter that the study varied."""

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscape.analysis.frames import AXIS, HYPER, SCORE, ScoreFacts, TrialTable
from landscape.report.figures._style import (
    NARROW,
    draw_floor,
    headline,
    house_style,
    label_styles,
    legend_below,
    new_figure,
    scale,
    score_label,
    tick_text,
)

FEW = 6
"""The number of distinct values up to which they stand side by side as categories."""
MANY = 400
"""The number of points beyond which an SVG holds them as one picture, because the file would be very large otherwise."""


def varied(table: TrialTable) -> list[str]:
    """Return the numeric hyperparameters that have two or more values in the search and that no axis alone decides."""
    frame = table.role("search").frame
    names = []
    for column in (c for c in map(str, frame) if c.startswith(HYPER) and c != HYPER + "seed"):
        values = pd.to_numeric(frame[column], errors="coerce")
        if values.nunique() >= 2 and not any(_decided_by(values, frame[AXIS + axis]) for axis in table.axes):
            names.append(column.removeprefix(HYPER))
    return _without_twins(frame, names)


def _decided_by(values: pd.Series, axis: pd.Series) -> bool:
    return bool((values.groupby(axis).nunique() <= 1).all())


def _without_twins(frame: pd.DataFrame, names: list[str]) -> list[str]:
    """Return one of several hyperparameters that were always set together, such as the learning rates of D and G."""
    kept: dict[tuple[object, ...], str] = {}
    for name in names:
        kept.setdefault(tuple(map(str, frame[HYPER + name])), name)
    return list(kept.values())


def data(table: TrialTable, name: str, score: str, axis: str) -> pd.DataFrame:
    """Return a row for each finished search trial with the hyperparameter: value, score (NaN if it diverged), level and status."""
    frame = table.role("search").finished().frame
    found = pd.DataFrame(
        {
            "value": pd.to_numeric(frame[HYPER + name], errors="coerce"),
            "score": frame[SCORE + score],
            "level": frame[AXIS + axis],
            "status": frame["status"],
        }
    )
    return found[found["value"].notna() & (found["score"].notna() | (found["status"] == "diverged"))]


@house_style
def draw(frame: pd.DataFrame, name: str, facts: ScoreFacts, floor: float | None) -> Figure:
    """Draw a point for each trial, colored by level. Diverged trials are ticks along the bad edge."""
    styles = label_styles(frame["level"].unique())
    figure, axes = new_figure(3.05, NARROW)
    scored = frame[frame["score"].notna()]
    place = _places(axes, frame["value"])
    scale(axes, "y", [*scored["score"], *([floor] if floor else [])])
    for level in sorted(styles):
        rows = scored[scored["level"] == level]
        axes.scatter(
            place(rows["value"]),
            rows["score"],
            label=level,
            marker=styles[level].marker,
            color=styles[level].color,
            s=15,
            alpha=0.75,
            linewidths=0,
            rasterized=len(frame) > MANY,
        )
    draw_floor(axes, floor, vertical=False)
    diverged = frame.loc[frame["status"] == "diverged", "value"]
    if len(diverged):
        edge = 0.985 if facts.direction != "higher" else 0.015
        label = f"diverged ({len(diverged)})"
        axes.plot(
            place(diverged), [edge] * len(diverged), "|", transform=axes.get_xaxis_transform(), color="#B3261E", markersize=9, label=label
        )
    axes.set_xlabel(name)
    headline(axes, score_label(facts))
    legend_below(figure, axes, columns=2)
    return figure


def _places(axes: Axes, values: "pd.Series[Any]") -> Callable[["pd.Series[Any]"], Any]:
    """Return the places of values on the horizontal axis. Few distinct values stand side by side, each spread a little."""
    distinct = sorted(values.unique())
    if len(distinct) > FEW:
        scale(axes, "x", values.tolist())
        return lambda some: some
    axes.set_xticks(range(len(distinct)), [tick_text(v) for v in distinct])
    axes.set_xlim(-0.6, len(distinct) - 0.4)
    axes.grid(visible=False, axis="x")
    return lambda some: [distinct.index(v) + 0.25 * math.sin(2.4 * i) for i, v in enumerate(some)]
