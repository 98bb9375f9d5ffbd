"""Makes the figures of a study's page. Each figure is a frame, a drawing of it, and the words that go with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from landscape.analysis.answer import AxisAnswer
from landscape.analysis.critical_difference import LevelRanks
from landscape.analysis.frames import HYPER, SCORE
from landscape.analysis.rankings import Misjudged, Views
from landscape.core.wording import plural, words
from landscape.report.charts import Chart
from landscape.report.figures import boxes, budgets, curves, hyperparameters, mean_ranks, seeds, view_ranks
from landscape.report.figures._style import Rendered, render
from landscape.report.formats import number
from landscape.report.summary import best_trial
from landscape.report.view import View
from landscape.results.record import TrialRecord

MOST_HYPERPARAMETERS = 12
CURVES = {
    "d_loss": "D loss",
    "g_loss": "G loss",
    "d_gradient_norm": "norm of D's gradient",
    "g_gradient_norm": "norm of G's gradient",
    "d_accuracy_real": "D accuracy on real",
    "d_accuracy_fake": "D accuracy on generated",
    "sample_diversity": "diversity of samples",
    "d_spectral_norm": "largest spectral norm of D's layers",
    "distance_to_best": "distance of G's weights from the best ones",
}


@dataclass(frozen=True)
class Drawn:
    """A figure of a page and of the files beside it. `name` is the name of these files."""

    name: str
    title: str
    caption: str
    alt: str
    frame: pd.DataFrame
    rendered: Rendered
    titled: bool = True
    """Whether the page writes the title above the figure. A learning curve has it in the drawing."""
    chart: Chart | None = None
    """The chart that the script of a page of published tables draws instead of the picture."""

    @property
    def files(self) -> dict[str, bytes]:
        """The drawing as SVG, PNG and PDF files."""
        return {f"{self.name}.svg": self.rendered.svg, f"{self.name}.png": self.rendered.png, f"{self.name}.pdf": self.rendered.pdf}


def drawn_figure(name: str, title: str, caption: str, alt: str, frame: pd.DataFrame, draw: Callable[[], Figure]) -> Drawn | None:
    """Return the figure, or None if there is nothing to draw."""
    return Drawn(name, title, caption, alt, frame, render(draw(), name, title)) if len(frame) else None


def box_figure(view: View, axis: str) -> Drawn | None:
    """Return the figure of the best trials of each level of an axis."""
    frame = boxes.data(view.table, axis, str(view.score))
    shown, n = (_range(frame.groupby("level")[key].first()) for key in ("shown", "n"))
    caption = (
        f"The best {shown} of {n} trials a level. The box's middle line is the top quantile of the table; diamond and bar: the same "
        f"with its 95% interval (order statistics{view.given})."
    )
    if len(frame) and frame["diverged"].any():
        caption += " Diverged trials are among the best of some levels and not drawn: there the diamond alone is the quantile."
    alt = f"Box plots of {view.score} of the best trials by {words(axis)}; the numbers stand in the table above."
    return drawn_figure(
        f"box_{axis}", f"Best trials by {words(axis)}", caption, alt, frame, partial(boxes.draw, frame, view.facts, view.floor_value)
    )


def _range(counts: "pd.Series[Any]") -> str:
    """Return the range of some counts as `36`, or as `35 to 36`."""
    return "" if counts.empty else f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"


def _practitioners(view: View, frame: pd.DataFrame) -> str:
    """Return what simulated practitioners report at the largest budget, beside the exact expected best there."""
    last = frame.iloc[-1]
    apart = "selection samples" if view.selects_apart else "reported scores"
    mean, error, low, high, exact = (number(last[name]) for name in (*budgets.PRACTITIONER, "expected"))
    return (
        f" Simulated practitioners who draw {last['trials']} of these trials and choose one by its {apart} get {mean} on average (standard"
        f" error of the simulation: {error}), and 95% of them get {low} to {high}; the exact expected best there is {exact}."
    )


def budget_figures(view: View, axis: str | None) -> list[Drawn]:
    """Return the budget curve against the number of trials, and the same against computing time."""
    frame = budgets.data(view.table, str(view.score), axis, view.selection_costs)
    found = []
    by, suffix = (f" by {words(axis)}", f"_{axis}") if axis else ("", "")
    for against, title in (("trials", "Budget curve"), ("seconds", "At equal compute")):
        if not len(frame) or (against == "seconds" and frame["seconds"].isna().all()):
            continue
        n = _range(frame.groupby("level")["n"].first())
        caption = (
            f"Exact expected best of k of the trials run (n = {n} a curve, k ≤ n/2). Bands: 95%, Bayesian bootstrap{view.given}, "
            "for 2 ≤ k ≤ n/5, where its coverage was shown."
        )
        if (view.table.role("search").frame["status"] == "diverged").any():
            caption += " A diverged trial counts as the worst score of the study."
        caption += _practitioners(view, frame) if axis is None and against == "trials" else ""
        better = "falls" if view.facts.sign > 0 else "rises"
        alt = f"{title}{by}: {view.score} {better} as more models are trained; the numbers are in figure_budget_{against}{suffix}.csv."
        drawing = drawn_figure(
            f"budget_{against}{suffix}",
            title + by,
            caption,
            alt,
            frame,
            partial(budgets.draw, frame, view.facts, view.floor_value, against=against),
        )
        found += [drawing] if drawing else []
    return found


def hyperparameter_figures(view: View) -> tuple[list[Drawn], int]:
    """Return figures of the score against each varied hyperparameter, colored by the first axis, and the number of further ones."""
    if not view.table.axes or SCORE + str(view.score) not in view.table.frame:
        return [], 0
    names, axis = hyperparameters.varied(view.table), view.table.axes[0]
    present = view.table.frame[[HYPER + n for n in names]].notna().sum()
    ordered = sorted(names, key=lambda n: (-int(present[HYPER + n]), n))
    found = []
    for i, name in enumerate(ordered[:MOST_HYPERPARAMETERS], start=1):
        frame = hyperparameters.data(view.table, name, str(view.score), axis)
        caption = f"n = {len(frame)} finished trials of the search that have it. No trend is drawn: other hyperparameters vary along."
        alt = f"{view.score} against {name}, colored by {words(axis)}."
        drawn = drawn_figure(
            f"hyperparameter_{i}",
            name,
            caption,
            alt,
            frame,
            partial(hyperparameters.draw, frame, name, view.facts, view.floor_value),
        )
        found += [drawn] if drawn else []
    return found, max(0, len(ordered) - MOST_HYPERPARAMETERS)


def chosen_trials(view: View) -> dict[str, TrialRecord]:
    """Return the records whose learning curves are shown: the best trial, the one with the median score, and the first that diverged."""
    best = best_trial(view)
    chosen: dict[str, TrialRecord] = {}
    frame = view.table.role("search").frame
    if best is not None:
        scored = frame[frame[SCORE + str(view.score)].notna()].sort_values(SCORE + str(view.score), kind="stable")
        chosen["best"] = view.trial(str(best["digest"])).record
        if len(scored) > 2:
            chosen["typical"] = view.trial(str(scored["digest"].iloc[len(scored) // 2])).record
    diverged = frame.loc[frame["status"] == "diverged", "digest"]
    if len(diverged):
        chosen["diverged"] = view.trial(str(diverged.iloc[0])).record
    return chosen


def curve_label(name: str) -> str:
    """Return the name of a learning curve for readers, such as `D dragan` for `d_dragan`."""
    return CURVES.get(name) or words(f"{name[0].upper()}{name[1:]}" if name.startswith(("d_", "g_")) else name)


def curve_figures(chosen: Mapping[str, TrialRecord]) -> list[Drawn]:
    """Return a figure for each learning curve that any of the chosen trials recorded."""
    names = dict.fromkeys(name for record in chosen.values() for name, points in record.curves.items() if len(points) > 1)
    ordered = [*(n for n in CURVES if n in names), *(n for n in names if n not in CURVES)]
    found = []
    for i, name in enumerate(ordered, start=1):
        frame = curves.data(chosen, name)
        label = curve_label(name)
        alt = f"Learning curve: {label} against D steps for the {', '.join(chosen)} trial."
        drawn = drawn_figure(f"curve_{i}", label, "", alt, frame, partial(curves.draw, frame, label))
        found += [replace(drawn, titled=False)] if drawn else []
    return found


def seeds_figure(view: View, answer: AxisAnswer) -> Drawn | None:
    """Return the figure of the confirmation runs of one axis."""
    frame = seeds.data(answer.levels)
    n = ", ".join(f"{level} {plural(len(rows), 'seed')}" for level, rows in frame.groupby("level")) if len(frame) else ""
    caption = f"Fresh seeds of the best setting of each level ({n}); diamond: mean with its 95% interval, Student's t over seeds."
    alt = f"Confirmation runs by {words(answer.axis)}; the numbers stand in the table."
    title = f"Confirmation runs by {words(answer.axis)}"
    return drawn_figure(f"seeds_{answer.axis}", title, caption, alt, frame, partial(seeds.draw, frame, view.facts, view.floor_value))


def view_ranks_figure(views: Views, contradicted: list[Misjudged], metric: str) -> Drawn | None:
    """Return the figure of the ranks of the same models through several views."""
    frame = view_ranks.data(views, contradicted)
    n, title = frame["trial"].nunique(), f"Ranks by {metric} through each view"
    caption = f"A line for each of {plural(n, 'model')}. Where two lines cross, two views order two models differently."
    alt = f"{title}: a line for each of {plural(n, 'model')}; the numbers stand in the table."
    return drawn_figure("views", title, caption, alt, frame, partial(view_ranks.draw, frame))


def mean_ranks_figure(name: str, title: str, found: LevelRanks, axis: str) -> Drawn | None:
    """Return the figure of the mean ranks of the levels of an axis. `axis` is its name in words."""
    frame = mean_ranks.data(found)
    caption = f"Mean ranks over {plural(found.blocks, 'matched cell')}. Levels that share a bar are not told apart."
    alt = f"Mean ranks of {axis} levels with bars over those that are not told apart; the numbers stand in the table."
    drawn = drawn_figure(name, title, caption, alt, frame, partial(mean_ranks.draw, frame, found.critical_difference))
    return replace(drawn, titled=False) if drawn else None
