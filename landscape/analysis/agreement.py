"""Compares our mean over seeds with a published value: the difference, its interval, and a margin that was fixed beforehand."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import t as student

from landscape.analysis.interval import Interval

Bounds = tuple[float | None, float | None]
Says = Literal[
    "agrees",
    "not reproduced",
    "undecided",
    "too few seeds for an interval",
    "no interval for a bounded score",
    "reduced: no verdict",
    "not compared",
]
FEWEST_SEEDS = 3
"""The fewest seeds for an interval. With two seeds, that of Student reaches 9 standard deviations to each side and says next to nothing."""
LEVEL = 0.95


@dataclass(frozen=True)
class PublishedMean:
    """A published value and what is known of its error."""

    value: float
    spread: float | None = None
    spread_is: Literal["standard error", "standard deviation", "none"] = "none"
    """The kind of the printed spread. It is `none` if there is none, or if it says nothing of another training."""
    runs: int = 1
    """The number of trainings behind the value."""


@dataclass(frozen=True)
class Agreement:
    """Our value compared with the published one."""

    ours: Interval
    difference: Interval
    """The difference ours - published."""
    margin: float
    says: Says


def mean_over_seeds(values: Sequence[float], bounds: Bounds = (None, None)) -> Interval:
    """The mean over seeds with Student's 95% interval where its coverage was shown.

    Simulated coverage of Student's interval (40,000 draws): 0.95 for normal scores at any number of seeds, 0.94 at 3 to 20 seeds for
    lognormal ones of 20% spread. For scores between two bounds it can fall far below: 0.69 at 5 and at 10 seeds where one training of
    ten collapses. Such scores get no interval here.

    Args:
        values: one score a seed, finite.
        bounds: between which the score lies; None where it has none.
    """
    x = np.asarray(values, dtype=np.float64)
    mean = float(x.mean())
    if reason := _no_interval(x, bounds):
        return Interval(mean, kind="Student's t over seeds", n=len(x), absent=reason)
    reach = float(student.ppf((1 + LEVEL) / 2, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x)))
    return Interval(mean, mean - reach, mean + reach, kind="Student's t over seeds", n=len(x))


def agreement(values: Sequence[float], published: PublishedMean, *, margin: float, bounds: Bounds = (None, None)) -> Agreement:
    """Whether the mean over seeds agrees with a published value.

    `agrees`: the interval of the difference lies within the margin; `not reproduced`: outside; else `undecided`. Where no interval has
    shown coverage, "too few seeds for an interval", or "no interval for a bounded score", which more seeds do not change.

    The published value's own error enters the interval: a standard error as it is, a standard deviation divided by the root of the number
    of runs; where none is printed, another training is taken to vary as ours do. Degrees of freedom by Welch and Satterthwaite.
    It covers 94% and more of normal scores. Beside a deviation over five published runs it covers 90 to 93% of skewed ones from 20 seeds
    on, because the error of the published runs then decides (benchmarks/coverage.py).

    Args:
        values: one score a seed, in the published unit.
        published: what is printed.
        margin: largest difference that counts as agreement, fixed before the run.
        bounds: between which the score lies.
    """
    ours = mean_over_seeds(values, bounds)
    assert ours.value is not None
    apart = ours.value - published.value
    if not ours.has_interval:
        difference = Interval(apart, n=ours.n, absent=ours.absent)
        return Agreement(ours, difference, margin, "too few seeds for an interval" if None in bounds else "no interval for a bounded score")
    own = float(np.var(values, ddof=1))
    theirs, freedom = _published_variance(published, own)
    variance = own / ours.n + theirs
    degrees = ours.n - 1.0 if freedom is None else variance**2 / ((own / ours.n) ** 2 / (ours.n - 1) + theirs**2 / freedom)
    reach = float(student.ppf((1 + LEVEL) / 2, degrees)) * math.sqrt(variance)
    difference = Interval(apart, apart - reach, apart + reach, kind="Student's t over seeds, Welch", n=ours.n)
    return Agreement(ours, difference, margin, judged(difference, margin))


def judged(difference: Interval, margin: float) -> Says:
    """Return what the interval of a difference, which has one, says for the margin."""
    assert difference.low is not None
    assert difference.high is not None
    if -margin <= difference.low and difference.high <= margin:
        return "agrees"
    return "not reproduced" if difference.low > margin or difference.high < -margin else "undecided"


def _no_interval(x: np.ndarray, bounds: Bounds) -> str:
    """Return why Student's interval has no shown coverage for these scores. The text is empty if it has."""
    if None not in bounds:
        return "the score lies between two bounds, where Student's interval was not shown to hold"
    if len(x) < FEWEST_SEEDS:
        return f"fewer than {FEWEST_SEEDS} seeds"
    if np.ptp(x) <= 1e-12 * np.abs(x).max():  # Equal but for rounding.
        return "every seed has the same score"
    return ""


def _published_variance(published: PublishedMean, own: float) -> tuple[float, float | None]:
    """Return the variance of the published mean, and its degrees of freedom, which are None if it was taken from our seeds."""
    if published.spread is None or published.spread_is == "none":
        return own / published.runs, None
    error = published.spread if published.spread_is == "standard error" else published.spread / math.sqrt(published.runs)
    return error**2, float(max(published.runs - 1, 1))
