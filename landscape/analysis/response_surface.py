"""The score of a search over its searched numbers, as a Gaussian process with the cells as offsets, and how far the score depends on each.

One surface is fitted to a cell with enough trials. The other cells are taken together where they have the same hyperparameters: each
moves the surface up or down by a constant, and so does each choice of a hyperparameter without a range. This assumes that a hyperparameter
acts alike in these cells. Ten trials for each dimension are the rule of Loeppky, Sacks and Welch (2009, Technometrics 51). Diverged trials
have no score and are left out, so that a surface is that of trials that did not diverge.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import null_space
from scipy.stats import qmc
from scipy.stats import t as student

from landscape.analysis.confirmation_runs import SEARCH, labels_of, setting_of
from landscape.analysis.frames import AXIS, SCORE, TrialTable, cell_label
from landscape.analysis.gaussian_process import STARTS, Fit, Matrix, fitted, scale_interval
from landscape.analysis.importance import Share
from landscape.analysis.interval import Interval, Values
from landscape.analysis.searched_range import SearchedRange
from landscape.results.studies import Study

FEWEST_TRIALS, TRIALS_A_DIMENSION = 20, 10
"""A surface needs so many trials beyond its offsets, at least and for each hyperparameter."""
REPEATS, FOLDS = 5, 5
"""The trials are divided at random into so many parts, so many times. Each part is predicted from the others."""
GRID, AVERAGED = 11, 32
"""The change along a hyperparameter is that of so many places, averaged over so many places of the others."""
MOST_TRIALS, MOST_SURFACES = 200, 6
"""A surface is fitted to at most so many trials, drawn at random, and a study has at most so many, those with the most trials."""


@dataclass(frozen=True)
class Dimension:
    """What a surface says of one hyperparameter."""

    range: SearchedRange
    scale: Interval
    """The length scale in units of the range. Long ones belong to straight lines, flat ones included."""
    change: Share
    """The ratio of the largest and the smallest score along it, averaged over the others, or the difference if `Surface.is_log` is not set.
    """
    best: float
    """The value at the best place of the surface."""


@dataclass(frozen=True)
class Surface:
    """A fitted surface."""

    label: str
    cells: int
    trials: int
    diverged: int
    dimensions: tuple[Dimension, ...]
    """The hyperparameters, the one with the shortest length scale first."""
    explained: Share
    """The share of the squared errors of the cells' means that the surface explains, by five-fold cross-validation (Q squared).

    It is the mean over five divisions into parts, with their range.
    """
    noise: Share
    """The share of the variance within cells that is noise, with the range over fits to four in five trials."""
    cell: str
    """The cell in which the surface is lowest."""
    prediction: Interval
    """The score of a new trial at the best place in this cell, with its prediction interval."""
    fit: Fit
    offsets: Values
    """The indicators of this cell."""
    sign: float
    is_log: bool

    @property
    def says_something(self) -> bool:
        """Whether the surface predicts trials better than the means of their cells."""
        return self.explained.value > 0

    @property
    def is_fragile(self) -> bool:
        """Whether it does so on average, and does not by some division of the trials."""
        return self.says_something and self.explained.low <= 0

    @cached_property
    def best(self) -> Values:
        """The best place, from 0 to 1 in the order of `dimensions`."""
        return np.array([float(one.range.shares([one.best])[0]) for one in self.dimensions])

    def scores(self, places: Matrix) -> tuple[Values, Values, Values]:
        """Return the mean and the ends of the 95% band of the mean at places [k, d], as scores in the cell `cell`."""
        mean, spread = self.fit.predict(places, np.tile(self.offsets, (len(places), 1)))
        half = float(student.ppf(0.975, self.fit.freedom)) * np.sqrt(np.maximum(np.diag(spread), 0))
        low, middle, high = (self._score(mean + side * half) for side in (-self.sign, 0.0, self.sign))
        return middle, low, high

    def in_best_cell(self) -> Values:
        """Return the scores of the trials [n], less the difference of their cell's offset and that of the cell `cell`."""
        mean, _ = self.fit.predict(self.fit.x, self.fit.offsets)
        there, _ = self.fit.predict(self.fit.x, np.tile(self.offsets, (len(mean), 1)))
        return self._score(self.fit.y - mean + there)

    def _score(self, cost: Values) -> Values:
        found: Values = (np.exp(cost) if self.is_log else cost) * self.sign
        return found


@dataclass(frozen=True)
class Surfaces:
    """The surfaces of a study, those with the most trials first."""

    found: tuple[Surface, ...]
    too_few: tuple[str, ...]
    """The groups of trials that are too few for a surface, in words."""
    left_out: int = 0
    """The number of further groups with enough trials."""


@dataclass(frozen=True)
class _Group:
    """The trials that share a surface."""

    label: str
    ranges: tuple[SearchedRange, ...]
    rows: pd.DataFrame
    """The columns `cell`, `cost`, `choices` and one for each range."""
    diverged: int

    @cached_property
    def x(self) -> Matrix:
        return np.column_stack([one.shares(self.rows[one.name].to_numpy(dtype=float)) for one in self.ranges])

    @cached_property
    def offsets(self) -> Matrix:
        """The indicators of the cells and of each choice but the first."""
        columns = [self.rows["cell"] == cell for cell in self.rows["cell"].unique()]
        for name in dict.fromkeys(name for given in self.rows["choices"] for name in given):
            values = self.rows["choices"].map(lambda given, name=name: str(given[name]))
            columns += [values == value for value in sorted(values.unique())[1:]]
        return np.column_stack(columns).astype(float)

    @property
    def enough(self) -> bool:
        needed = max(FEWEST_TRIALS, TRIALS_A_DIMENSION * len(self.ranges))
        return len(self.rows) - np.linalg.matrix_rank(self.offsets) >= needed if len(self.rows) else False


def response_surfaces(study: Study, table: TrialTable, score: str, *, repeats: int = REPEATS, seed: int = 0) -> Surfaces | None:
    """Return the surfaces of a study's search, or None if it searched no range.

    Args:
        study: The study, whose space has the ranges.
        table: Its trials under the protocol that reports.
        score: The public name of the score. Its logarithm is modeled if it declares a log scale.
        repeats: The number of random divisions into five parts, of which each is predicted from the others.
        seed: The seed of the divisions.
    """
    frame, is_log = _frame(study, table, score)
    if not len(frame):
        return None
    groups = _groups(frame, _ranges(study))
    ready = sorted((group for group in groups if group.enough), key=lambda group: -len(group.rows))
    surfaces = tuple(_surface(group, table.scores[score].sign, is_log, repeats, seed) for group in ready[:MOST_SURFACES])
    few = tuple(f"{group.label} ({len(group.rows)} trials in {group.rows['cell'].nunique()} cells)" for group in groups if not group.enough)
    return Surfaces(surfaces, few, max(0, len(ready) - MOST_SURFACES)) if groups else None


def _ranges(study: Study) -> dict[str, SearchedRange]:
    space = study.facts.get("space")
    searched = space.get("search") if isinstance(space, Mapping) else None
    found: dict[str, SearchedRange] = {}
    for name, entry in searched.items() if isinstance(searched, Mapping) else ():
        if not isinstance(entry, Mapping) or entry.get("choices"):
            continue
        low, high = entry.get("min"), entry.get("max")
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low < high:
            found[str(name)] = SearchedRange(str(name), float(low), float(high), entry.get("scaling") == "log" and low > 0)
    return found


def _frame(study: Study, table: TrialTable, score: str) -> tuple[pd.DataFrame, bool]:
    """Return a row for each finished search trial (its cell, labels, assignment, cost or NaN), and whether costs are logarithms."""
    frame = table.role(SEARCH).finished().frame
    facts = table.scores[score]
    known = frame[frame[SCORE + score].notna() | (frame["status"] == "diverged")] if SCORE + score in frame else frame.iloc[:0]
    trials = {trial.record.digest: trial for trial in study.trials}
    varied = [axis for axis in table.axes if frame[AXIS + axis].nunique() > 1] or table.axes
    values = known[SCORE + score].where(known["status"] != "diverged") if len(known) else pd.Series(dtype=float)
    is_log = facts.is_log and bool((values.dropna() * facts.sign > 0).all())
    costs = np.log(values) if is_log else values * facts.sign
    rows: list[dict[str, Any]] = []
    for digest, cost in zip(known["digest"], costs, strict=True):
        labels, (_, assignment) = labels_of(trials[digest]), setting_of(trials[digest])
        rows.append({"cell": cell_label(labels, varied), "labels": labels, "assignment": assignment, "cost": cost})
    return pd.DataFrame(rows), is_log


def _groups(frame: pd.DataFrame, ranges: Mapping[str, SearchedRange]) -> list[_Group]:
    """Return a group for each cell with enough trials, and one for the other cells with the same searched hyperparameters."""
    names = frame["assignment"].map(lambda given: tuple(sorted(given)))
    found = []
    for searched, rows in frame.groupby(names, sort=True):
        used = tuple(ranges[name] for name in searched if name in ranges)
        if not used:
            continue
        single = {cell: _group(of, used, str(cell)) for cell, of in rows.groupby("cell", sort=True)}
        found += [group for group in single.values() if group.enough]
        rest = rows[rows["cell"].isin([cell for cell, group in single.items() if not group.enough])]
        found += [_group(rest, used, _label(rest, frame))] if len(rest) else []
    return found


def _group(rows: pd.DataFrame, ranges: tuple[SearchedRange, ...], label: str) -> _Group:
    names = {one.name for one in ranges}
    given = pd.DataFrame(
        {
            "cell": rows["cell"],
            "cost": rows["cost"],
            "choices": rows["assignment"].map(lambda of: {name: value for name, value in of.items() if name not in names}),
            **{one.name: rows["assignment"].map(lambda of, name=one.name: float(of[name])) for one in ranges},
        }
    )
    scored = given[given["cost"].notna()].reset_index(drop=True)
    varied = tuple(one for one in ranges if scored[one.name].nunique() > 1)
    group = _Group(label, varied or ranges, scored, len(given) - len(scored))
    while len(group.rows) and (alone := _alone(group.offsets)).any():
        group = _Group(label, group.ranges, group.rows[~alone].reset_index(drop=True), group.diverged)
    return group


def _alone(offsets: Matrix) -> np.ndarray:
    """Return which trials are the only one of their offsets, so that they say nothing of the surface."""
    contrasts = null_space(offsets.T)
    return np.asarray((contrasts**2).sum(axis=1) < 1e-9)


def _label(rows: pd.DataFrame, frame: pd.DataFrame) -> str:
    """Return the levels that tell these cells from the others, or `all cells`."""
    mine, every = (pd.DataFrame(of["labels"].tolist()) for of in (rows, frame))
    if rows["cell"].nunique() == frame["cell"].nunique():
        return "all cells"
    shared = [str(mine[axis].iloc[0]) for axis in mine if mine[axis].nunique() == 1 and every[axis].nunique() > 1]
    return " · ".join(shared) or f"{rows['cell'].nunique()} cells"


def _surface(group: _Group, sign: float, is_log: bool, repeats: int, seed: int) -> Surface:
    rng = np.random.default_rng(seed)
    taken = np.sort(rng.permutation(len(group.rows))[:MOST_TRIALS])
    taken = taken[~_alone(group.offsets[taken])]
    x, y, offsets = group.x[taken], group.rows["cost"].to_numpy(dtype=float)[taken], group.offsets[taken]
    fit = fitted(x, y, offsets)
    fits, explained = _refitted(fit, repeats, rng)
    middle = np.full((len(offsets), x.shape[1]), 0.5)
    lowest = int(np.argmin(fit.predict(middle, offsets)[0]))
    places = np.vstack([x, qmc.Sobol(x.shape[1], seed=seed).random(512)])
    means, _ = fit.predict(places, np.tile(offsets[lowest], (len(places), 1)))
    best = places[int(np.argmin(means))]
    found = [
        Dimension(
            one,
            scale_interval(fit, i),
            _spread(_change(fit, i, is_log), [_change(of, i, is_log) for of in fits]),
            one.value(float(best[i])),
        )
        for i, one in enumerate(group.ranges)
    ]
    order = sorted(range(len(found)), key=lambda i: (found[i].scale.value or 0.0, found[i].range.name))
    ordered = Fit(x[:, order], y, offsets, fit.theta[[*order, -1]], fit.contrasts, fit.deviance)
    return Surface(
        group.label,
        group.rows["cell"].iloc[taken].nunique(),
        len(taken),
        group.diverged,
        tuple(found[i] for i in order),
        _spread(float(np.mean(explained)), explained),
        _spread(_noise(fit), [_noise(of) for of in fits]),
        str(group.rows["cell"].iloc[taken[lowest]]),
        _prediction(fit, best, offsets[lowest], sign, is_log),
        ordered,
        offsets[lowest],
        sign,
        is_log,
    )


def _refitted(fit: Fit, repeats: int, rng: np.random.Generator) -> tuple[list[Fit], list[float]]:
    """Return fits to four in five trials, and the explained share of each repeat, which predicts every trial once by a fit without it.

    The parameters are fitted anew each time. With those of all trials, each trial left out in turn, the share would exceed 0 in 71% of
    searches in which nothing depends on the hyperparameters (54 trials of 9 cells).
    """
    fits, explained = [], []
    for _ in range(repeats):
        errors = np.zeros(2)
        for out in np.array_split(rng.permutation(len(fit.y)), FOLDS):
            kept = np.setdiff1d(np.arange(len(fit.y)), out)
            kept = kept[~_alone(fit.offsets[kept])]
            part = fitted(fit.x[kept], fit.y[kept], fit.offsets[kept], starts=STARTS[::3])
            missing = null_space(fit.offsets[kept])
            # Other trials have an offset that no trial of the fit has.
            known = out[(np.abs(fit.offsets[out] @ missing) < 1e-9).all(axis=1)]
            level = np.linalg.pinv(fit.offsets[kept]) @ fit.y[kept]
            means = [part.predict(fit.x[known], fit.offsets[known])[0], fit.offsets[known] @ level]
            errors += [float(((fit.y[known] - mean) ** 2).sum()) for mean in means]
            fits.append(part)
        explained.append(1 - float(errors[0] / errors[1]))
    return fits, explained


def _spread(value: float, others: Sequence[float]) -> Share:
    """Return a value with the range of others and itself."""
    return Share(value, min(value, *others), max(value, *others))


def _noise(fit: Fit) -> float:
    return min(1.0, fit.noise * fit.freedom / float(((fit.contrasts.T @ fit.y) ** 2).sum()))


def _change(fit: Fit, column: int, is_log: bool) -> float:
    """Return how far the mean goes along one hyperparameter, averaged over the others."""
    others = qmc.Sobol(fit.x.shape[1], seed=0).random(AVERAGED)
    places = np.repeat(others[None], GRID, axis=0)
    places[:, :, column] = np.linspace(0, 1, GRID)[:, None]
    curve = fit.surface(places.reshape(-1, fit.x.shape[1])).reshape(GRID, AVERAGED).mean(axis=1)
    return math.exp(float(np.ptp(curve))) if is_log else float(np.ptp(curve))


def _prediction(fit: Fit, place: Values, offsets: Values, sign: float, is_log: bool, *, level: float = 0.95) -> Interval:
    mean, spread = fit.predict(place[None], offsets[None])
    half = float(student.ppf((1 + level) / 2, fit.freedom)) * math.sqrt(float(spread[0, 0]) + fit.noise)
    value, low, high = (math.exp(end) if is_log else end for end in (float(mean[0]) + side * half for side in (0, -1, 1)))
    found = Interval(value, low, high, level=level, kind="prediction", n=fit.freedom)
    return found.mirrored() if sign < 0 else found
