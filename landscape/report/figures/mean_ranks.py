"""Draws the mean ranks of levels with bars over those that are not told apart: the critical difference diagram of Demsar 2006."""

import pandas as pd
from matplotlib.figure import Figure

from landscape.analysis.critical_difference import LevelRanks
from landscape.report.figures._style import FAINT, INK, headline, house_style, label_styles, new_figure

BAR = 0.34
"""The distance between two bars, in rows of levels."""


def data(found: LevelRanks) -> pd.DataFrame:
    """Return a row for each level, the best first: level, mean_rank, and the numbers of the bars over it."""
    rows = [
        {
            "level": one.level,
            "mean_rank": one.mean_rank,
            "bars": tuple(number for number, group in enumerate(found.groups, 1) if one.level in group),
        }
        for one in found.levels
    ]
    return pd.DataFrame(rows, columns=["level", "mean_rank", "bars"])


@house_style
def draw(frame: pd.DataFrame, critical_difference: float | None) -> Figure:
    """Draw a point for each level at its mean rank, a bar below them for each group, and the critical difference above them."""
    n, styles = len(frame), label_styles(frame["level"])
    bars = sorted({bar for of in frame["bars"] for bar in of})
    bottom = n - 0.3 + BAR * len(bars)
    figure, axes = new_figure(0.95 + 0.3 * (n + 1) + 0.1 * len(bars))
    for row, (level, rank) in enumerate(zip(frame["level"], frame["mean_rank"], strict=True)):
        axes.plot([rank, rank], [row, bottom], color=FAINT, linewidth=0.7, zorder=1)
        axes.plot([rank], [row], styles[level].marker, color=styles[level].color, markersize=6, zorder=3)
    for place, bar in enumerate(bars):
        ranks = frame.loc[[bar in of for of in frame["bars"]], "mean_rank"]
        y = n - 0.45 + BAR * place
        axes.plot([ranks.min() - 0.03, ranks.max() + 0.03], [y, y], color=INK, linewidth=3.2, solid_capstyle="butt", zorder=2)
    if critical_difference is not None:
        axes.plot([1, 1 + critical_difference], [-0.85, -0.85], "|-", color=INK, linewidth=1.1, markersize=6)
        axes.annotate(f"critical difference {critical_difference:.2f}", (1, -0.85), (0, 4), textcoords="offset points", fontsize=8)
    axes.set_yticks(range(n), frame["level"])
    axes.set_ylim(bottom, -1.4 if critical_difference is not None else -0.6)
    axes.set_xlim(0.85, n + 0.15)
    axes.set_xticks(range(1, n + 1))
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    headline(axes, "mean rank, 1 is the best")
    return figure
