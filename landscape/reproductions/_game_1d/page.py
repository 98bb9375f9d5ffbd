"""Writes the page of the game on a line: figures and text from the games that were played."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from landscape.core.files import write_bytes
from landscape.core.wording import plural, significant
from landscape.report.figures._style import FAINT, INK, PALETTE, house_style, render, scale
from landscape.report.formats import interval, number
from landscape.reproductions._game_1d import theory
from landscape.reproductions._game_1d.recipe import ALONE, CENTER, LEVELS, MARGIN, REAL, SCALE, SHIFT, Played, Snapshot, X
from landscape.reproductions._game_1d.theory import Statement

BLUE, ORANGE, GREEN, RED = PALETTE[:4]


@house_style
def fixed_figure(played: Played) -> Figure:
    """Draw D trained against a fixed G, together with the best D."""
    figure = Figure(figsize=(9.0, 2.7), layout="constrained")
    fake = norm.pdf(X, SHIFT, SCALE)
    best = {"minimax": ("p_real / (p_real + p_fake)", REAL / (REAL + fake)), "absolute_error": ("1 where p_real >= p_fake", fake <= REAL)}
    for axes, (loss, (name, optimal)) in zip(figure.subplots(1, 2), best.items(), strict=True):
        axes.plot(X, REAL, color=INK, linestyle=":", linewidth=1.6, label="p_real")
        axes.plot(X, fake, color=GREEN, linewidth=1.6, label="p_fake")
        axes.plot(X, optimal, color=ORANGE, linewidth=1.0, label=f"D optimal: {name}")
        axes.plot(X, played.fixed[loss], color=BLUE, linestyle="--", linewidth=1.4, label="D learned")
        axes.set(ylim=(-0.02, 1.05), xlim=(-4, 4))
        axes.set_title(f"{loss}, G fixed", loc="left", fontsize=9)
        axes.legend(fontsize=7)
    return figure


@house_style
def figure_one(found: list[Snapshot], title: str, best: str = "p_real / (p_real + p_fake)") -> Figure:
    """Draw one panel per moment: the densities, D and the `best` D, and below them where G sends equally spaced z."""
    figure = Figure(figsize=(9.0, 2.9), layout="constrained")
    axes = figure.subplots(2, len(found), height_ratios=(4, 1), sharex=True, squeeze=False)
    for column, snapshot in enumerate(found):
        _densities(axes[0, column], snapshot, best)
        _arrows(axes[1, column], snapshot)
        if column:
            axes[0, column].tick_params(labelleft=False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=9)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=4)
    return figure


def _densities(axes: Axes, snapshot: Snapshot, best: str) -> None:
    axes.plot(X, REAL, color=INK, linestyle=":", linewidth=1.6, label="p_real")
    axes.plot(X, snapshot.fake, color=GREEN, linewidth=1.6, label="p_fake")
    axes.plot(X, snapshot.learned, color=BLUE, linestyle="--", linewidth=1.4, label="D learned")
    optimal = snapshot.optimal if "/" in best else (snapshot.fake <= REAL)
    axes.plot(X, optimal, color=ORANGE, linewidth=1.0, label=f"D optimal: {best}")
    axes.set(ylim=(-0.02, 1.05), xlim=(-4, 4))
    axes.set_title(f"round {snapshot.step:,}", fontsize=8.5)


def _arrows(axes: Axes, snapshot: Snapshot) -> None:
    for i in range(50, len(LEVELS), 100):
        axes.plot([8 * LEVELS[i] - 4, snapshot.mapped[i]], [0, 1], color=FAINT, linewidth=0.6, clip_on=True)
    axes.set(ylim=(0, 1), yticks=[0, 1], yticklabels=["z", "x"] if snapshot.step == 0 else ["", ""])
    axes.grid(visible=False)


@house_style
def decay_figure(played: Played) -> Figure:
    """Draw how D's accuracy falls to 1/2, and how G gets worse once D is replaced by noise."""
    figure = Figure(figsize=(9.0, 2.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps, distances, accuracies = zip(*played.decay, strict=True)
    left.plot(steps, distances, color=BLUE, marker="o", markersize=3)
    right.plot(steps, accuracies, color=ORANGE, marker="s", markersize=3)
    right.axhline(0.5, color=FAINT, linewidth=1)
    left.set_title("Distance of p_fake to p_real (Wasserstein-1)", loc="left", fontsize=9)
    right.set_title("D's accuracy", loc="left", fontsize=9)
    for axes in (left, right):
        axes.axvline(played.turned, color=RED, linestyle="--", linewidth=1)
        axes.set_xlabel("G steps; right of the red line D is noise")
    return figure


@house_style
def matching_figure(played: Played) -> Figure:
    """Draw direct matching (MMD) beside indirect matching (adversarial)."""
    figure = Figure(figsize=(9.0, 2.6), layout="constrained")
    axes = figure.subplots(1, 3)
    sides = (("direct (MMD)", played.direct, GREEN), ("indirect (adversarial)", played.indirect, BLUE))
    for panel, (name, found, color) in zip(axes, sides, strict=False):
        panel.plot(X, REAL, color=INK, linestyle=":", linewidth=1.6)
        for i, alpha in ((0, 0.25), (1, 0.55), (len(found) - 1, 1.0)):
            panel.plot(X, found[i].fake, color=color, alpha=alpha, label=f"round {found[i].step:,}")
        panel.set(xlim=(-4, 4))
        panel.set_title(name, loc="left", fontsize=9)
        panel.legend()
        axes[2].plot([s.step for s in found], [s.distance for s in found], color=color, label=name)
    scale(axes[2], "y", [s.distance for s in (*played.direct, *played.indirect)], log=True)
    axes[2].set_title("Wasserstein-1 distance", loc="left", fontsize=9)
    axes[2].set_xlabel("rounds")
    axes[2].legend()
    return figure


@house_style
def energy_figure(played: Played) -> Figure:
    """Draw EBGAN's game: D's loss with the margin, and the mean energies of real and generated points."""
    figure = Figure(figsize=(9.0, 2.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = [e.step for e in played.energy]
    left.plot(steps, [e.value for e in played.energy], color=BLUE)
    left.set_title("V = E(x) + max(0, m - E(G(z)))", loc="left", fontsize=9)
    right.plot(steps, [e.real for e in played.energy], color=BLUE, label="E(x)")
    right.plot(steps, [e.fake for e in played.energy], color=ORANGE, label="E(G(z))")
    right.set_title("Mean energies", loc="left", fontsize=9)
    for axes in (left, right):
        axes.axhline(MARGIN, color=FAINT, linewidth=1, linestyle="--", label=f"margin m = {MARGIN:g}")
        axes.axvline(steps[ALONE], color=RED, linewidth=1, label="from here G learns too")
        axes.set_xlabel("D's updates")
        axes.legend()
    return figure


def write(played: Played, stated: Sequence[Statement], folder: Path) -> Path:
    """Write `game-1d.md` into `folder`, with its pictures and two CSV files of the numbers; return the path of the page.

    Raises:
        UserError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "game-1d-fixed": (fixed_figure(played), "D against a fixed G"),
        "game-1d-figure-1": (figure_one(played.adversarial, "Non-saturating loss, five D steps a round"), "2014, figure 1"),
        "game-1d-absolute-error": (
            figure_one(played.absolute, "Absolute error with r1, five D steps a round", "1 where p_real >= p_fake"),
            "absolute error",
        ),
        "game-1d-noise": (decay_figure(played), "D as noise"),
        "game-1d-matching": (matching_figure(played), "MMD and GAN"),
        "game-1d-margin": (energy_figure(played), "EBGAN's margin"),
    }
    for name, (figure, title) in figures.items():
        write_bytes(folder / f"{name}.png", render(figure, name, title).png)
    write_bytes(folder / "game-1d.csv", frame(played).to_csv(index=False, lineterminator="\n", float_format="%.6g").encode())
    write_bytes(folder / "game-1d-theory.csv", theory.frame(stated).to_csv(index=False, lineterminator="\n", float_format="%.6g").encode())
    page = folder / "game-1d.md"
    write_bytes(page, text(played, stated).encode())
    return page


def frame(played: Played) -> pd.DataFrame:
    """Return a row per snapshot: game, round, distance, D's error (in the 2014 game), and the value of that game for the best D."""
    games = {"non_saturating": played.adversarial, "absolute_error": played.absolute, "mmd": played.direct, "one D step": played.indirect}
    _2014 = ("non_saturating", "one D step")
    rows = [
        {"game": name, "round": s.step, "distance": s.distance, "d_error": s.d_error if name in _2014 else math.nan, "value": s.value}
        for name, found in games.items()
        for s in found
    ]
    return pd.DataFrame(rows)


def _table(found: list[Snapshot]) -> str:
    lines = ["| round | distance of p_fake (Wasserstein-1) | mean error of D | -log 4 + 2 JSD |", "|---|---|---|---|"]
    lines += [f"| {s.step:,} | {number(s.distance)} | {number(s.d_error)} | {number(s.value)} |" for s in found]
    return "\n".join(lines)


def _theory(stated: Sequence[Statement]) -> str:
    lines = ["| what theory foretells | source | theory | before learning | reached | seeds |", "|---|---|---|---|---|---|"]
    for one in stated:
        ends = f" {interval(one.found.low, one.found.high, _digits)}" if one.found.has_interval else ""
        values = f"{_digits(one.theory)} | {_digits(one.unlearned)} | {_digits(one.found.value)}{ends}"
        lines.append(f"| {one.says} | {one.source} | {values} | {_digits(min(one.reached))} to {_digits(max(one.reached))} |")
    return "\n".join(lines)


def _digits(value: float | None) -> str:
    return "–" if value is None else significant(value, 4)


def text(played: Played, stated: Sequence[Statement]) -> str:
    """Return the page as Markdown."""
    learned = [(d, a) for step, d, a in played.decay if step <= played.turned][-5:]
    noise = [d for step, d, _ in played.decay if step > played.turned]
    before, right = (sum(column) / len(learned) for column in zip(*learned, strict=True))
    return f"""# The game on a line

Made by `landscape reproduce game-1d:folder=docs`; the numbers are in [game-1d.csv](game-1d.csv). The data are N(0, 1), z is uniform in
[-1, 1], G and D have two hidden layers of 32 units, Adam with learning rate 0.001, batches of 256, seed 0.

## Theory beside the games

{_theory(stated)}

Each game was played with {plural(stated[0].found.n, "seed")}; brackets are 95% intervals of the mean over the seeds (Student's t; of
errors the geometric mean, because they are above 0). The last column is the range of the seeds.
An error of D is the mean |D - best D| over real and generated points in equal shares; against the fixed G, G(z) = {SHIFT:g} + {SCALE:g} z
with z normal, a D of 1/2 everywhere stands for the one before learning. The error of the map is the mean |G(z) - F^-1(level of z)|.
The numbers are in [game-1d-theory.csv](game-1d-theory.csv).

## Figure 1 of Goodfellow et al. 2014

The density of the data (dotted), of what G makes (green), D as learned (blue, dashed) and the best D for this G (orange),
p_real / (p_real + p_fake). Below: where G sends equally spaced z. At the end p_fake is near p_real and D near 1/2 where there are data.
Where neither density has any mass D is free, and the best D (p_fake smoothed from 200,000 points) means nothing.

![Densities and D over training](game-1d-figure-1.png)

{_table(played.adversarial)}

The last column is the value of the game with the best D; its minimum, at p_fake = p_real, is -log 4 = -1.386.

## Absolute error

With E = 1/2 E_real[1 - D] + 1/2 E_fake[D] the best D is the indicator of p_real >= p_fake, which D becomes against a G that stands still
(left: the 2014 game, right: this one; G(z) = {SHIFT:g} + {SCALE:g} z with z normal).

![D against a fixed G](game-1d-fixed.png)

When both learn, the best G sends z to the quantile of the data, z = F(x): the lines below the last panel. Here `r1` keeps D smooth,
far from the indicator; without it this game does not settle.

![Densities and D over training, absolute error](game-1d-absolute-error.png)

## When D has become noise

D's accuracy falls to 1/2 as G learns: {number(right)} in the last quarter before the red line, at a distance of {number(before)}.
After it, D is drawn anew before each step of G and trains no more: there is nothing to learn from it, and the distance becomes
{number(sum(noise) / len(noise))}.

![Distance and accuracy](game-1d-noise.png)

## Direct and indirect matching

The same G on the same data by MMD, which compares samples directly and needs no D, and by a GAN, in batches of 128. Distances at the end:
{number(played.direct[-1].distance)} and {number(played.indirect[-1].distance)}.

![MMD beside the adversarial game](game-1d-matching.png)

{_margin(played)}"""


def _margin(played: Played) -> str:
    """Return the section on EBGAN's margin, with the energies at the end of each of its two stages."""
    late = played.energy[-10:]
    value, real, fake = (sum(column) / len(late) for column in list(zip(*late, strict=True))[1:])
    alone = played.energy[ALONE]
    return f"""## EBGAN's margin

D reconstructs points and gives their error as energy; the margin is m = {MARGIN:g}. The data are N({CENTER:g}, 1), away from where G
begins. While D learns alone its loss V falls to {number(alone.value)}, with points of G at an energy of {number(alone.fake)}, where the
margin binds. Then G learns too, and V returns to m, its value at the equilibrium: {number(value)} over the last quarter of that, at
energies of {number(real)} (data) and {number(fake)} (G).

![V and the margin](game-1d-margin.png)
"""
