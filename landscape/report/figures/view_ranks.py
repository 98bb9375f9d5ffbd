"""Draws the rank of each model through each view, with a line for each model."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from landscape.analysis.rankings import Misjudged, Views, best_models, ranks
from landscape.report.figures._style import FAINT, headline, house_style, label_styles, legend_below, new_figure
from landscape.results.score_names import ScoreName

BEST, OTHERWISE = "best", "otherwise"


def data(views: Views, contradicted: list[Misjudged]) -> pd.DataFrame:
    """Return a row for each model and view: trial, view, rank, value, mark.

    The mark is `best` for the model that is the best one by this view, and `otherwise` for a model about which this view contradicts the
    others.
    """
    of, best, against = ranks(views), best_models(views), {(one.model, one.view) for one in contradicted}
    rows = [
        {
            "trial": model,
            "view": view,
            "rank": rank,
            "value": views[view][model].value,
            "mark": BEST if model == best[view] else OTHERWISE if (model, view) in against else "",
        }
        for view in views
        for model, rank in of[view].items()
    ]
    return pd.DataFrame(rows, columns=["trial", "view", "rank", "value", "mark"])


@house_style
def draw(frame: pd.DataFrame) -> Figure:
    """Draw a line for each model from view to view. The best model of each view is colored, and contradicted models are dashed."""
    views = list(dict.fromkeys(frame["view"]))
    table = frame.pivot_table(index="trial", columns="view", values="rank", sort=False)[views]
    places = np.arange(len(views))
    best = {view: frame.loc[(frame["view"] == view) & (frame["mark"] == BEST), "trial"].iloc[0] for view in views}
    contradicted = set(frame.loc[frame["mark"] == OTHERWISE, "trial"]) - set(best.values())
    figure, axes = new_figure(3.7)
    for model, found in table.iterrows():
        if model not in contradicted and model not in best.values():
            axes.plot(places, found, color=FAINT, linewidth=0.8, alpha=0.55)
    for number, model in enumerate(m for m in table.index if m in contradicted):
        label = "" if number else "contradicted by another view the most"
        axes.plot(places, table.loc[model], color="#D55E00", linewidth=1.1, linestyle=(0, (3, 2)), label=label or None)
    styles = label_styles(views)
    for model in dict.fromkeys(best.values()):
        mine = [view for view in views if best[view] == model]
        style = styles[mine[0]]
        label = f"best by {', '.join(map(seen_through, mine))}" if len(mine) < len(views) else "best by every view"
        axes.plot(places, table.loc[model], style.marker, linestyle="-", color=style.color, linewidth=2, markersize=5, label=label)
    axes.set_xticks(places, [_wrapped(seen_through(view)) for view in views])
    axes.set_xlim(-0.25, len(views) - 0.75)
    axes.set_ylim(len(table) + 0.5, 0.5)
    axes.tick_params(axis="x", length=0)
    headline(axes, "rank, 1 is the best")
    legend_below(figure, axes, columns=1)
    return figure


def seen_through(score: str) -> str:
    """Return the extractor of a score, such as `classifier:digits` of `FD[classifier:digits]`."""
    return ScoreName.parse(score).measure[1] or score


def _wrapped(name: str) -> str:
    return name.replace(":", ":\n", 1)
