"""The part of the variance within a cell that is due to seeds, from runs of one setting on several seeds. The rest is hyperparameters'."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from landscape.analysis.interval import Interval, Values

UNKNOWN = "the seed's share cannot be told without repeated seeds"
FEWEST_SETTINGS = 3
"""The number of settings with repeated seeds that an interval needs."""
FEWEST_DEGREES = 5
"""The degrees of freedom within cells that an interval needs."""
LEAST_VARIANCE = 3.0
"""The variance of the logarithm of a variance with v degrees of freedom is at least this over v.

It is 2 / v for normal scores. The jackknife finds more if the scores are skewed or if settings differ in their spread, but with few
settings it may miss that.
"""


@dataclass(frozen=True)
class Spread:
    """A variance with what its logarithm is known by."""

    variance: float
    error: float
    """The variance of its logarithm."""
    freedom: float


def seed_part(
    costs: ArrayLike,
    cells: ArrayLike,
    settings: Sequence[str],
    repeats: Mapping[str, ArrayLike] | None = None,
    *,
    log: bool,
    level: float = 0.95,
) -> Interval:
    """Return the share of the variance between trials of one cell that seeds alone would cause, from 0 to 1.

    The seeds' variance is that of settings that the search itself ran on several seeds. If it has none, it is that of `repeats`, the
    confirmation runs. These are the best settings, whose seeds may differ less or more than those of others, so that the part is
    conditional on them. Diverged runs have no score and are left out.

    The interval is Welch's t for the logarithm of the ratio of both variances. Their errors are jackknifed over trials and over settings
    (Miller 1968). In simulations of 3 to 12 settings with 5 or 10 seeds it covers 98% of normal scores, 93% and more of exponential ones,
    and 91% and more if the seeds' deviation itself varies between settings (lognormal, by a factor of 1.5)
    (tests/analysis/test_seed_part.py). With heavier tails it covers less: 90% if the scores of a log scale are lognormal on that scale.

    Args:
        costs: The cost of each search trial [n]. Lower is better, and a diverged trial is +inf.
        cells: The number or name of the cell of each trial [n].
        settings: The setting of each trial [n]. Trials with the same one differ in their seeds alone.
        repeats: The costs of several seeds of one setting, by setting.
        log: Whether logarithms are compared. They are not if a score is 0 or less.
        level: The nominal coverage.
    """
    values, of_cell, of_setting = np.asarray(costs, dtype=np.float64), np.asarray(cells), np.asarray(settings)
    confirmed = [np.asarray(runs, dtype=np.float64) for runs in (repeats or {}).values()]
    every = np.concatenate([values, *confirmed])
    finite = every[np.isfinite(every)]
    scaled = np.log if log and (finite > 0).all() else np.asarray
    known = np.isfinite(values)
    y, of_cell, of_setting = scaled(values[known]), of_cell[known], of_setting[known]
    _, first, place, counts = np.unique(of_setting, return_index=True, return_inverse=True, return_counts=True)
    means = np.bincount(place, y) / counts if len(y) else y
    searched = [y[place == i] for i in np.flatnonzero(counts > 1)]
    seeds = searched or [scaled(runs[np.isfinite(runs)]) for runs in confirmed]
    several = [runs for runs in seeds if len(runs) > 1]
    of_seeds = _over_settings(several)
    between = _within_cells(means, of_cell[first])
    if of_seeds is None:
        return Interval(None, level=level, absent=UNKNOWN)
    if between is None:
        return Interval(None, level=level, absent="one setting a cell: hyperparameters cannot be told from combinations of levels")
    # The mean of a setting over r seeds has a variance of H + S / r, with H of hyperparameters and S of seeds.
    each = len(counts) / float((1 / counts).sum())
    n = sum(map(len, several))
    point = _part(of_seeds.variance / between.variance, each)
    if of_seeds.freedom + 1 < FEWEST_SETTINGS:
        return Interval(point, n=n, level=level, absent=f"fewer than {FEWEST_SETTINGS} settings with repeated seeds")
    if between.freedom < FEWEST_DEGREES:
        return Interval(point, n=n, level=level, absent=f"fewer than {FEWEST_DEGREES} settings more than cells")
    error = of_seeds.error + between.error
    freedom = error**2 / (of_seeds.error**2 / of_seeds.freedom + between.error**2 / between.freedom)
    reach = math.exp(float(student.ppf((1 + level) / 2, freedom)) * math.sqrt(error))
    ratio = of_seeds.variance / between.variance
    low, high = _part(ratio / reach, each), _part(ratio * reach, each)
    return Interval(point, low, high, level=level, kind="jackknifed log variances, Welch", n=n)


def _part(ratio: float, each: float) -> float:
    """Return S / (H + S) of one trial, given the ratio S / (H + S / each)."""
    return min(1.0, ratio / (1 + ratio * (1 - 1 / each)))


def _over_settings(seeds: Sequence[Values]) -> Spread | None:
    """Return the variance over seeds, pooled over settings, with its error from leaving out one setting at a time."""
    if not seeds:
        return None
    squares = np.array([((runs - runs.mean()) ** 2).sum() for runs in seeds])
    degrees = np.array([len(runs) - 1.0 for runs in seeds])
    return _jackknifed(squares, degrees, len(seeds) - 1)


def _within_cells(means: Values, cells: Values) -> Spread | None:
    """Return the variance between settings of one cell, with its error from leaving out one setting at a time."""
    _, place, counts = np.unique(cells, return_inverse=True, return_counts=True)
    several = counts[place] > 1
    if not several.any():
        return None
    residuals = means - (np.bincount(place, means) / counts)[place]
    # Leaving out a trial of m changes the mean of the others, so that the sum of squares falls by m / (m - 1) times its square.
    squares = (residuals**2 * counts[place] / np.maximum(counts[place] - 1, 1))[several]
    total, freedom = float((residuals**2).sum()), float(len(means) - len(counts))
    return _jackknifed(squares, np.ones(len(squares)), freedom, total, freedom)


def _jackknifed(squares: Values, degrees: Values, freedom: float, total: float | None = None, whole: float | None = None) -> Spread | None:
    """Return the pooled variance, and the jackknifed variance of its logarithm.

    Args:
        squares: What the sum of squares loses without each part [parts].
        degrees: The degrees of freedom that it loses [parts].
        freedom: The degrees of freedom of the error.
        total: The sum of squares, if it is not the sum of its parts.
        whole: The degrees of freedom of the sum of squares, if they are not the sum of those of its parts.
    """
    total, whole = float(squares.sum()) if total is None else total, float(degrees.sum()) if whole is None else whole
    if total <= 0:
        return None
    n, least = len(squares), LEAST_VARIANCE / whole
    rest, left = total - squares, whole - degrees
    usable = (left > 0).all()
    without = np.log(np.maximum(rest, 1e-12 * total) / left) if usable else np.zeros(n)
    error = float(without.var(ddof=1)) * (n - 1) ** 2 / n if usable and n > 1 else 0.0
    return Spread(total / whole, max(error, least), freedom)
