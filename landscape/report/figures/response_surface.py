"""Draws a fitted response surface over the two hyperparameters with the shortest length scales, or over the only one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from landscape.analysis.frames import ScoreFacts
from landscape.analysis.response_surface import Surface
from landscape.analysis.searched_range import SearchedRange
from landscape.report.figures._style import INK, NARROW, headline, house_style, new_figure, score_label, tick_text

DOT = "#fefefe"
"""Nearly white: white itself is made transparent on a page."""
POINTS, LEVELS = 25, 8
"""The number of places along each hyperparameter, and of the steps of color."""
COLUMNS = ["what", "first", "second", "score", "score_low", "score_high"]


def data(surface: Surface) -> pd.DataFrame:
    """Return a row for each place of the surface and for each trial.

    Its columns are `what` (`surface` or `trial`), `first` and `second` (the values of the drawn hyperparameters), `score` (the predicted
    mean in the best cell, or the trial's score less the difference of its cell and the best one) and the ends of the mean's 95% band. All
    hyperparameters that are not drawn are at the best place.
    """
    drawn = surface.dimensions[:2]
    steps = np.linspace(0, 1, POINTS)
    axes = np.meshgrid(*([steps] * len(drawn)), indexing="ij")
    places = np.tile(surface.best, (axes[0].size, 1))
    for column, of in enumerate(axes):
        places[:, column] = of.ravel()
    mean, low, high = surface.scores(places)
    rows = {"what": "surface", "score": mean, "score_low": low, "score_high": high} | _values(surface, places)
    trials = {"what": "trial", "score": surface.in_best_cell()} | _values(surface, surface.fit.x)
    return pd.concat([pd.DataFrame(rows), pd.DataFrame(trials)], ignore_index=True).reindex(columns=COLUMNS)


def _values(surface: Surface, places: np.ndarray) -> dict[str, list[float]]:
    drawn = zip(("first", "second"), surface.dimensions, strict=False)
    return {key: [one.range.value(float(share)) for share in places[:, column]] for column, (key, one) in enumerate(drawn)}


@house_style
def draw(frame: pd.DataFrame, surface: Surface, facts: ScoreFacts) -> Figure:
    """Draw filled contours of the mean with a dot for each trial, or a curve with its band if there is one hyperparameter."""
    figure, axes = new_figure(3.05, NARROW)
    ranges = [one.range for one in surface.dimensions[:2]]
    surfaces, trials = (frame[frame["what"] == what] for what in ("surface", "trial"))
    if len(ranges) == 1:
        axes.fill_between(surfaces["first"], surfaces["score_low"], surfaces["score_high"], color="#0072B2", alpha=0.2, linewidth=0)
        axes.plot(surfaces["first"], surfaces["score"], color="#0072B2", linewidth=1.6)
        axes.plot(trials["first"], trials["score"], "o", color=INK, markersize=2.6, alpha=0.6, markeredgewidth=0)
        if surface.is_log:
            _log_axis(axes, "y")
    else:
        x, y, z = (surfaces[key].to_numpy().reshape(POINTS, POINTS) for key in ("first", "second", "score"))
        ends = np.nanmin(z), np.nanmax(z)
        steps = np.geomspace(*ends, LEVELS + 1) if surface.is_log and ends[0] > 0 else np.linspace(*ends, LEVELS + 1)
        colors = "viridis" if facts.sign > 0 else "viridis_r"
        filled = axes.contourf(x, y, z, levels=np.unique(steps) if ends[0] < ends[1] else None, cmap=colors)
        axes.plot(trials["first"], trials["second"], "o", color=DOT, markeredgecolor=INK, markersize=3.2, markeredgewidth=0.6)
        bar = figure.colorbar(filled, ax=axes, format=FuncFormatter(lambda value, _: f"{value:.3g}"))
        bar.ax.tick_params(labelsize=8)
        axes.set_ylabel(ranges[1].name)
        axes.grid(visible=False)
    for which, one in zip("xy", ranges, strict=False):
        _scaled(axes, which, one)
    axes.set_xlabel(ranges[0].name)
    headline(axes, f"predicted {score_label(facts)}")
    return figure


def _scaled(axes: Axes, which: str, searched: SearchedRange) -> None:
    (axes.set_xlim if which == "x" else axes.set_ylim)(searched.low, searched.high)
    if searched.is_log:
        _log_axis(axes, which)
    else:
        (axes.xaxis if which == "x" else axes.yaxis).set_major_locator(MaxNLocator(5))


def _log_axis(axes: Axes, which: str) -> None:
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = axes.get_xlim() if which == "x" else axes.get_ylim()
    axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0) if high / low < 200 else (1.0,), numticks=12))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
