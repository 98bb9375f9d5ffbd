"""Draws learning curves of the best trial, a typical one, and one that diverged."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from landscape.report.figures._style import NARROW, LabelStyle, headline, house_style, legend_below, new_figure, scale
from landscape.results.record import TrialRecord

STYLES = {"best": LabelStyle("#0072B2", "o"), "typical": LabelStyle("#E69F00", "s"), "diverged": LabelStyle("#B3261E", "X")}
LINES = {"best": "-", "typical": "--", "diverged": ":"}
POINTS = 400


def data(chosen: Mapping[str, TrialRecord], name: str) -> pd.DataFrame:
    """Return a row for each point of the curve `name`: trial, step and value. Curves are thinned to 400 points."""
    rows = []
    for label, record in chosen.items():
        points = record.curves.get(name, ())
        step = max(1, -(-len(points) // POINTS))
        kept = [*points[::step], *(points[-1:] if (len(points) - 1) % step else ())]
        rows += [{"trial": label, "step": x, "value": y} for x, y in kept]
    return pd.DataFrame(rows, columns=["trial", "step", "value"])


@house_style
def draw(frame: pd.DataFrame, label: str) -> Figure:
    """Draw a line for each trial against D steps. The line of a diverged trial ends with a cross."""
    figure, axes = new_figure(2.3, NARROW)
    calm = frame.loc[frame["trial"] != "diverged", "value"]
    for trial, rows in frame.groupby("trial", sort=False):
        style = STYLES[str(trial)]
        axes.plot(rows["step"], rows["value"], LINES[str(trial)], color=style.color, linewidth=1.5, label=str(trial))
        if trial == "diverged":
            axes.plot(rows["step"].iloc[-1:], rows["value"].iloc[-1:], "X", color=style.color, markersize=6, clip_on=True)
    scale(axes, "x", [0.0, float(frame["step"].max())])
    scale(axes, "y", [0.0, float(frame["value"].max())])
    if len(calm):
        # A diverging loss would flatten all others.
        reach = max(float(calm.max() - calm.min()), 1e-12)
        axes.set_ylim(float(calm.min()) - 0.1 * reach, float(calm.max()) + 0.6 * reach if "diverged" in set(frame["trial"]) else None)
    axes.set_xlabel("D steps")
    headline(axes, label)
    legend_below(figure, axes)
    return figure
