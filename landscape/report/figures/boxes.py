"""Draws box plots of the best trials of each level."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from landscape.analysis.comparison import score_quantile
from landscape.analysis.frames import AXIS, ScoreFacts, TrialTable
from landscape.analysis.quantiles import rank_of, shown_share
from landscape.report.figures._style import INK, NARROW, draw_floor, house_style, label_styles, legend_below, new_figure, scale, score_label


def data(table: TrialTable, axis: str, score: str) -> pd.DataFrame:
    """Return a row for each trial that is among the best of its level.

    Of n finished trials the best 2k - 1 are shown, where the k-th best is the quantile of the table and the middle line of the box.
    Columns: level, score, n, shown, diverged (of those, not drawn), quantile, quantile_low, quantile_high.
    """
    facts, search = table.scores[score], table.role("search")
    rows = []
    for level in sorted(str(x) for x in search.frame[AXIS + axis].unique()):
        costs = np.sort(search.where(search.frame[AXIS + axis] == level).costs(score))
        share = shown_share(len(costs))
        if share is None:
            continue
        top = costs[: 2 * rank_of(len(costs), share) - 1]
        drawn = int(np.isfinite(top).sum())
        shared = {"level": level, "n": len(costs), "shown": drawn, "diverged": len(top) - drawn} | score_quantile(costs, facts).columns(
            "quantile"
        )
        rows += [shared | {"score": float(x) * facts.sign} for x in top if np.isfinite(x)]
    return pd.DataFrame(rows, columns=["level", "n", "shown", "diverged", "quantile", "quantile_low", "quantile_high", "score"])


@house_style
def draw(frame: pd.DataFrame, facts: ScoreFacts, floor: float | None) -> Figure:
    """Draw horizontal boxes with whiskers to the extremes, a point for each trial, and a bar for the interval of the quantile."""
    order = frame.groupby("level")["quantile"].first().mul(facts.sign).sort_values(ascending=False).index.tolist()
    styles = label_styles(order)
    figure, axes = new_figure(1.15 + 0.52 * len(order), NARROW)
    scale(axes, "x", [*frame["score"], *frame["quantile_high"], *([floor] if floor else [])])
    for y, level in enumerate(order):
        rows = frame[frame["level"] == level]
        style = styles[level]
        axes.boxplot(
            rows["score"].to_list(),
            positions=[y + 0.08],
            widths=0.36,
            orientation="horizontal",
            whis=(0, 100),
            showfliers=False,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": style.color + "40", "edgecolor": style.color},
            medianprops={"color": INK, "linewidth": 1.6},
            whiskerprops={"color": style.color},
            capprops={"color": style.color},
        )
        spread = 0.08 + 0.1 * np.sin(2.4 * np.arange(len(rows)))  # The points are spread apart in the same way in every run.
        axes.plot(rows["score"], y + spread, style.marker, color=style.color, markersize=3.2, alpha=0.85, markeredgewidth=0)
        _interval(axes, rows.iloc[0], y - 0.3)
    draw_floor(axes, floor, vertical=True)
    axes.set_yticks(range(len(order)), order)
    axes.set_ylim(-0.6, len(order) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(score_label(facts))
    legend_below(figure, axes)
    return figure


def _interval(axes: Axes, row: "pd.Series[Any]", y: float) -> None:
    if not np.isfinite(row["quantile"]) or np.isnan(row["quantile_low"]):
        return
    ends = np.clip([row["quantile_low"], row["quantile_high"]], -1e300, 1e300)
    axes.plot(ends, [y, y], color=INK, linewidth=1.3, solid_capstyle="butt")
    axes.plot([row["quantile"]], [y], "D", color=INK, markersize=4)
