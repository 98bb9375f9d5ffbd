"""Draws the confirmation runs: the best setting of each level on fresh seeds."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from landscape.analysis.answer import LevelAnswer
from landscape.analysis.frames import ScoreFacts
from landscape.report.figures._style import INK, draw_floor, house_style, label_styles, legend_below, new_figure, scale, score_label


def data(levels: Sequence[LevelAnswer]) -> pd.DataFrame:
    """Return a row for each fresh seed with a score: level, score, mean, mean_low, mean_high."""
    rows = []
    for level in levels:
        shared = {"level": level.level} | level.mean.columns("mean")
        rows += [shared | {"score": score} for score in level.scores if score is not None]
    return pd.DataFrame(rows, columns=["level", "mean", "mean_low", "mean_high", "score"])


@house_style
def draw(frame: pd.DataFrame, facts: ScoreFacts, floor: float | None) -> Figure:
    """Draw a point for each seed, and a diamond with its interval for the mean."""
    order = frame.groupby("level")["mean"].first().mul(facts.sign).sort_values(ascending=False).index.tolist()
    styles = label_styles(order)
    figure, axes = new_figure(1.1 + 0.5 * len(order))
    scale(axes, "x", [*frame["score"], *frame["mean_high"], *([floor] if floor else [])])
    for y, level in enumerate(order):
        rows = frame[frame["level"] == level]
        style = styles[level]
        axes.plot(rows["score"], [y + 0.14] * len(rows), style.marker, color=style.color, markersize=4.5, alpha=0.85, markeredgewidth=0)
        first = rows.iloc[0]
        if np.isfinite(first["mean_low"]):
            axes.plot([first["mean_low"], first["mean_high"]], [y - 0.14] * 2, color=INK, linewidth=1.4, solid_capstyle="butt")
        if np.isfinite(first["mean"]):
            axes.plot([first["mean"]], [y - 0.14], "D", color=INK, markersize=4.5)
    draw_floor(axes, floor, vertical=True)
    axes.set_yticks(range(len(order)), order)
    axes.set_ylim(-0.6, len(order) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(score_label(facts))
    legend_below(figure, axes)
    return figure
