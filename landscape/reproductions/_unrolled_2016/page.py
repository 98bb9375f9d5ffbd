"""The page of `unrolled-2016`: modes and quality by unrolled steps, and figures of the samples over training."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from landscape.analysis.agreement import Bounds
from landscape.components.datasets._base import Modes
from landscape.components.datasets.ring import ring
from landscape.components.metrics.mode_coverage import assigned_modes
from landscape.core.wording import plural
from landscape.report.charts import Chart
from landscape.report.figures._style import FAINT, INK, PALETTE, house_style, render
from landscape.report.formats import count, duration, number
from landscape.report.reproduction_page import ReproductionPage, Section
from landscape.report.study_figures import Drawn
from landscape.report.tables import Column, Table
from landscape.reproductions._differences import judged, mean_between
from landscape.reproductions._run import FinishedTrial
from landscape.reproductions._unrolled_2016.recipe import (
    EXPLANATIONS,
    IN_TURN,
    LEAST_GAIN,
    MODES_MARGIN,
    NOTEBOOK,
    NOTEBOOK_STEPS,
    PAPER,
    PUBLISHED_MODES,
    PUBLISHED_QUALITY,
    QUALITY_MARGIN,
    UNROLLED_STEPS,
    Setting,
    score,
)
from landscape.trial.pictures import PROGRESS
from landscape.trial.run_trial import PROGRESS_PICTURES

MODES = 7
BOUNDS: dict[str, Bounds] = {"modes": (0.0, 7.0), "high_quality": (0.0, 1.0), "reverse_KL": (0.0, None)}
_NO_INTERVAL = "Counts and shares lie between two bounds, where no interval over so few seeds was shown to hold."
SHOWN_POINTS = 500
DECIMALS = 3
"""Decimals of a shown point's coordinates, where the standard deviation of a mode is 0.02."""
DRAWN_POINTS = 120
"""Points of a panel that the page's script draws; the picture beside the page has `SHOWN_POINTS`."""


def at(outcomes: Sequence[FinishedTrial], setting: Setting, k: int) -> list[FinishedTrial]:
    """Return the trials of one row, in the order of the seeds."""
    return [o for o in outcomes if o.trial.row == setting.row(k)]


def by_steps(outcomes: Sequence[FinishedTrial], name: str) -> dict[int, list[float]]:
    """Return the scores in the notebook's setting by number of unrolled steps, in the order of the seeds."""
    return {k: [score(o, name) for o in at(outcomes, NOTEBOOK, k)] for k in UNROLLED_STEPS}


def page(outcomes: Sequence[FinishedTrial]) -> ReproductionPage:
    """Return the whole page as data."""
    modes, quality = by_steps(outcomes, "modes"), by_steps(outcomes, "high_quality")
    frames, paper = progress(outcomes, NOTEBOOK), progress(outcomes, PAPER)
    return ReproductionPage(
        title="The ring of Gaussians and unrolled steps",
        source="Metz et al., Unrolled Generative Adversarial Networks, 2017",
        verdict=verdict(modes),
        sections=(
            Section("Modes and quality", _READING, (rows_table(outcomes), published_table(modes, quality))),
            Section("Samples over training", (), (), (samples_figure(frames, NOTEBOOK, "samples"), modes_figure(frames))),
            Section(
                "What was tested to explain it",
                (_explanation(outcomes),),
                (explanations_table(outcomes),),
                (samples_figure(paper, PAPER, "samples_paper"),),
            ),
        ),
        facts=_facts(outcomes),
    )


_READING = (
    "The setting of the authors' demonstration notebook at 0, 1, 5 and 10 unrolled steps. They say of it that it is not the paper's. Its"
    " ring has 8 angles from 0 to 2 pi, both ends included: 7 places, one of them twice as heavy. A mode is found by one of 2,500 generated"
    " points within 3 sigma of it, and such points are of high quality. The reverse KL is taken to equal shares: points in the data's own"
    " proportions score 0.04.",
    "Neither paper nor notebook gives a number for the ring, only a figure. The numbers beside ours are those that VEEGAN's table 1 gives"
    " for Unrolled GAN on its own ring of 8: another implementation, and how many steps it unrolled is not said. Shares are compared, for"
    " 7 of ours with 8 of theirs, and the margin was written down before the first run.",
)


def verdict(modes: dict[int, list[float]]) -> str:
    """Return what the seeds say of the paper's figure, given the modes of each seed by number of unrolled steps."""
    most = max(UNROLLED_STEPS)
    seeds = min(len(modes[most]), len(modes[0]))
    return (
        f"{most} unrolled steps find {number(gained(modes[most], modes[0]))} modes more than none, means over {plural(seeds, 'seed')}."
        f" A number of modes lies between 0 and {MODES}, where no interval over so few seeds was shown to hold: whether the gain exceeds"
        f" the margin of {LEAST_GAIN:g} mode set beforehand is not decided."
    )


def gained(more: Sequence[float], fewer: Sequence[float]) -> float:
    """Return the difference of the means over seeds."""
    return float(np.mean(more) - np.mean(fewer))


def _explanation(outcomes: Sequence[FinishedTrial]) -> str:
    most = max(UNROLLED_STEPS)
    in_turn, paper = (_gain(outcomes, setting, most) for setting in (IN_TURN, PAPER))
    return (
        "The paper's figure shows plain training jump from mode to mode, and unrolled training find the ring. Two things were varied. The"
        " updates in turn, G's first, D's from a batch and a draw of its own against the G that has just moved:"
        f" there {most} unrolled steps find {in_turn}. And, likewise in turn, the networks and the ring of the paper's appendix (as we"
        " recall it: D has one hidden layer in place of two, the ring twice the radius and the deviation):"
        f" there {most} steps find {paper}."
    )


def _gain(outcomes: Sequence[FinishedTrial], setting: Setting, k: int) -> str:
    more = gained(*([score(o, "modes") for o in at(outcomes, setting, n)] for n in (k, 0)))
    return f"{number(more)} modes more than none"


def explanations_table(outcomes: Sequence[FinishedTrial]) -> Table:
    """Return a table with a row per setting that was tried beside the notebook's."""
    rows = []
    for setting, k in EXPLANATIONS:
        found = at(outcomes, setting, k)
        row: dict[str, object] = {"setting": setting.name, "k": f"{k}", "of": f"{len(_modes(setting).centers)}"}
        for name in ("modes", "high_quality"):
            values = [score(o, name) for o in found]
            row[name] = float(np.mean(values))
            row[f"{name}_seeds"] = each_seed(name, values)
        rows.append(row)
    columns = [Column("setting", "Setting"), Column("k", "Unrolled steps"), Column("of", "Modes there are")]
    for name, label in (("modes", "Modes found"), ("high_quality", "High quality")):
        columns += [Column(name, label, "number"), Column(f"{name}_seeds", "Each seed")]
    caption = f"Last weights; mean over seeds. {_NO_INTERVAL}"
    return Table("explanations", "Other settings", caption, tuple(columns), pd.DataFrame(rows))


def _modes(setting: Setting) -> Modes:
    known = ring(preset=setting.ring, points=1000, held_out=10).modes
    assert known is not None
    return known


def each_seed(name: str, values: Sequence[float]) -> str:
    """Return the value of each seed. Modes are counted, so they are written as whole numbers."""
    return ", ".join(map(count if name == "modes" else number, values))


def rows_table(outcomes: Sequence[FinishedTrial]) -> Table:
    """Return a table with a row per number of unrolled steps: the value of each seed, and the mean with its interval."""
    rows = []
    for k in UNROLLED_STEPS:
        row: dict[str, object] = {"k": f"{k}"}
        for name in ("modes", "high_quality", "reverse_KL"):
            values = by_steps(outcomes, name)[k]
            row[name], row[f"{name}_low"], row[f"{name}_high"] = mean_between(values, BOUNDS[name])
            row[f"{name}_seeds"] = each_seed(name, values)
        rows.append(row)
    columns = [Column("k", "Unrolled steps")]
    for name, label in (("modes", f"Modes of {MODES}"), ("high_quality", "High quality"), ("reverse_KL", "Reverse KL (nat)")):
        columns += [Column(name, label, "number", interval=True), Column(f"{name}_seeds", "Each seed")]
    caption = f"Last weights; mean over seeds; brackets: 95% interval by Student's t, cut at 0. {_NO_INTERVAL}"
    return Table("modes", "By number of unrolled steps", caption, tuple(columns), pd.DataFrame(rows))


def published_table(modes: dict[int, list[float]], quality: dict[int, list[float]]) -> Table:
    """Return a table of this project's values at the notebook's number of steps beside the only published numbers."""
    compared = (
        ("Share of modes found", [m / MODES for m in modes[NOTEBOOK_STEPS]], PUBLISHED_MODES, MODES_MARGIN),
        ("Share of high quality", quality[NOTEBOOK_STEPS], PUBLISHED_QUALITY, QUALITY_MARGIN),
    )
    rows = []
    for name, values, published, margin in compared:
        center, low, high = mean_between(values, (0.0, 1.0))
        rows.append(
            {"what": name, "ours": center, "ours_low": low, "ours_high": high, "published": published}
            | {"difference": center - published, "difference_low": low - published, "difference_high": high - published}
            | {"margin": margin, "says": judged(low - published, high - published, margin)}
        )
    columns = (
        Column("what", f"At {NOTEBOOK_STEPS} unrolled steps"),
        Column("ours", "Ours", "number", interval=True),
        Column("published", "VEEGAN's table 1", "number"),
        Column("difference", "Difference", "number", interval=True),
        Column("margin", "Margin", "number"),
        Column("says", "Outcome"),
    )
    caption = f"Not the same setting: agreement or disagreement here confirms and refutes nothing. {_NO_INTERVAL}"
    return Table("published", "Beside published numbers", caption, columns, pd.DataFrame(rows))


def progress(outcomes: Sequence[FinishedTrial], setting: Setting) -> pd.DataFrame:
    """Return a row per generated point in each frame of the trials of `setting`: k, seed, step, x, y, mode, good."""
    known, parts = _modes(setting), []
    steps = {setting.row(k): k for k in UNROLLED_STEPS}
    for outcome in outcomes:
        path = outcome.folder / PROGRESS
        if outcome.trial.row not in steps or not path.exists():
            continue
        found = _frames(path)  # [frame, point, 2]
        rounds = int(outcome.record.counts["rounds"])
        for i, points in enumerate(found):
            mode, good = assigned_modes(torch.from_numpy(points), known)
            parts.append(
                pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "mode": mode.numpy(), "good": good.numpy()}).assign(
                    k=steps[outcome.trial.row], seed=outcome.trial.config.seed, step=rounds * (i + 1) // len(found)
                )
            )
    return pd.concat(parts, ignore_index=True)


def _frames(path: Path) -> NDArray[np.float32]:
    """Return the points of the progress frames in `path`, float32 [frame, point, 2]. The committed ones are stored as float16."""
    found: NDArray[np.float32] = np.load(path, allow_pickle=False)[:PROGRESS_PICTURES].astype(np.float32)
    return found


def samples_figure(frames: pd.DataFrame, setting: Setting, name: str) -> Drawn:
    """Draw the samples of seed 0, with a row per number of unrolled steps and a column per moment."""
    shown = frames[frames["seed"] == 0].groupby(["k", "step"], sort=False).head(SHOWN_POINTS)[["k", "step", "x", "y"]].round(DECIMALS)
    caption = f"{DRAWN_POINTS} generated points of seed 0 ({SHOWN_POINTS} in the files), from the same latent draws at every moment;"
    caption += " crosses: the modes."
    alt = "Generated points in the plane by unrolled steps (rows) and training step (columns)."
    title = f"Samples over training, {setting.name}"
    known = _modes(setting)
    centers = tuple((float(x), float(y)) for x, y in known.centers.tolist())
    reach = 1.6 * float(known.centers.abs().max())
    few = shown.groupby(["k", "step"], sort=False).head(DRAWN_POINTS)
    chart = Chart("dots", few, "x", "y", across="step", across_label="step", down="k", down_label="k", crosses=centers, square=True)
    chart = replace(chart, x_domain=(-reach, reach), y_domain=(-reach, reach))
    return Drawn(name, title, caption, alt, shown, render(draw_samples(shown, known), name, title), chart=chart)


@house_style
def draw_samples(shown: pd.DataFrame, known: Modes) -> Figure:
    """Draw the panels."""
    ks, steps = sorted(shown["k"].unique()), sorted(shown["step"].unique())
    figure = Figure(figsize=(1.15 * len(steps), 1.3 * len(ks)), layout="constrained")
    panels = figure.subplots(len(ks), len(steps), squeeze=False, sharex=True, sharey=True)
    centers = known.centers.numpy()
    limit = 1.6 * float(np.abs(centers).max())
    for i, k in enumerate(ks):
        for j, step in enumerate(steps):
            axes, points = panels[i, j], shown[(shown["k"] == k) & (shown["step"] == step)]
            axes.scatter(centers[:, 0], centers[:, 1], s=14, marker="+", color=FAINT, linewidth=0.8)
            axes.scatter(points["x"], points["y"], s=2, color=PALETTE[0], linewidth=0, alpha=0.6, rasterized=True)
            axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=[], yticks=[])
            axes.grid(visible=False)
            if i == 0:
                axes.set_title(f"{step:,}", fontsize=8, color=INK)
            if j == 0:
                axes.set_ylabel(f"k = {k}")
    return figure


def modes_figure(frames: pd.DataFrame) -> Drawn:
    """Draw the number of modes found over training, one line per seed."""
    title = "Modes found over training"
    good = frames[frames["good"]].groupby(["k", "seed", "step"])["mode"].nunique()
    every = frames.groupby(["k", "seed", "step"]).size().index
    found = good.reindex(every, fill_value=0).reset_index(name="modes")
    caption = "Modes with at least one of 1,000 generated points within 3 sigma, at each moment; a line a seed."
    chart = Chart("lines", found.assign(seed=found["seed"].astype(str)), "step", "modes", "steps", "modes found", series="seed")
    chart = replace(chart, across="k", across_label="k", y_domain=(0.0, float(MODES)))
    drawing, alt = render(draw_modes(found), "modes", title), "Lines of modes found against steps."
    return Drawn("modes_over_training", title, caption, alt, found, drawing, chart=chart)


@house_style
def draw_modes(found: pd.DataFrame) -> Figure:
    """Draw one panel per number of unrolled steps."""
    ks = sorted(found["k"].unique())
    figure = Figure(figsize=(9.0, 2.2), layout="constrained")
    for axes, k in zip(figure.subplots(1, len(ks), squeeze=False, sharey=True)[0], ks, strict=True):
        for i, (_, line) in enumerate(found[found["k"] == k].groupby("seed")):
            axes.plot(line["step"], line["modes"], color=PALETTE[i % len(PALETTE)], marker="osD^v"[i % 5], markersize=3, linewidth=1.2)
        last = int(found["step"].max())
        axes.set(ylim=(-0.3, MODES + 0.3), yticks=range(MODES + 1), xticks=[0, last // 2, last])
        axes.set_title(f"k = {k}", loc="left", fontsize=9)
        axes.set_xlabel("steps")
    return figure


def _facts(outcomes: Sequence[FinishedTrial]) -> tuple[tuple[str, str], ...]:
    config, environment = outcomes[0].trial.config, outcomes[0].record.environment
    seconds = {k: [o.record.seconds["training"] for o in at(outcomes, NOTEBOOK, k)] for k in UNROLLED_STEPS}
    ended = ", ".join(sorted({f"{o.record.status}" for o in outcomes}))
    return (
        ("Command", "landscape reproduce unrolled-2016"),
        ("Networks", "mlp_2d, preset unrolled_notebook: G and D two hidden layers of 128 tanh units, orthogonal weights, z 256 normal"),
        (
            "Game",
            f"minimax, {config.rounds:,} steps of G and of D, each two at once: same weights, batch of {config.batch_size} and draw",
        ),
        ("Optimizers", "Adam, beta1 0.5; learning rate 0.0001 for D, 0.001 for G"),
        ("Trials", f"{len(outcomes)}, seeds 0 to {max(o.trial.config.seed for o in outcomes)}; {ended}"),
        ("Training time, median", "; ".join(f"k = {k}: {duration(float(np.median(s)))}" for k, s in seconds.items())),
        ("Machine", ", ".join(f"{k} {environment[k]}" for k in ("device", "torch", "execution", "git_commit") if k in environment)),
        (
            "Departures",
            "100,000 fixed points, not endless ones; no weight is read after its update (the notebook leaves that open)",
        ),
    )
