"""Judges pairs of levels: after the first seeds, and again each time that open pairs have got more seeds.

Every look has an equal part of the error of all looks (Bonferroni over looks and pairs). All intervals of all looks therefore hold
together with the nominal coverage, however they depend on each other. tests/analysis/test_paired.py simulates the rate of wrong
verdicts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import fisher_exact

from landscape.analysis.interval import Interval
from landscape.analysis.paired import paired_contrast


def looks(seeds: int, most: int | None = None) -> tuple[int, ...]:
    """Return the numbers of seeds at which pairs are judged. They are doubled from `seeds` until `most`."""
    found = [seeds]
    while most is not None and found[-1] < most:
        found.append(min(2 * found[-1], most))
    return tuple(found)


@dataclass(frozen=True)
class Judged:
    """A pair of levels after all looks."""

    difference: Interval
    """The difference at the last look that the seeds reach, or at all seeds if they do not reach the first look."""
    sign: int
    """The sign is -1 if ours is better, 1 if theirs is, and 0 if the pair is open."""
    seeds: int
    """The number of seeds with which the pair was decided. For an open pair it is the number of all seeds."""
    by_divergence: bool = False
    """Whether the pair was decided by the numbers of diverged seeds and not by scores."""


def judge(ours: ArrayLike, theirs: ArrayLike, at: Sequence[int], *, log: bool, level: float) -> Judged:
    """Judge a pair at each look that its seeds reach. The first look that decides is final.

    Args:
        ours: The costs [blocks, seeds] in the order of training. Lower is better, and a diverged seed is +inf.
        theirs: The costs of the other level for the same seeds.
        at: The looks of the study, as `looks` gives them.
        log: Whether costs are compared by their ratio.
        level: The joint coverage of this pair over all its looks.
    """
    a, b = (np.atleast_2d(np.asarray(x, dtype=np.float64)) for x in (ours, theirs))
    n, each = a.shape[1], 1 - (1 - level) / len(at)
    reached = [look for look in at if look <= n] or [n]
    nothing = 1.0 if log else 0.0
    for look in reached:
        difference = paired_contrast(a[:, :look], b[:, :look], log=log, level=each)
        if difference.low is not None and difference.high is not None and not difference.low <= nothing <= difference.high:
            return Judged(difference, -1 if difference.high < nothing else 1, look)
        if look >= at[0] and (sign := _by_divergence(a[:, :look], b[:, :look], 1 - each)):
            return Judged(difference, sign, look, by_divergence=True)
    return Judged(difference, 0, n)


def _by_divergence(a: np.ndarray, b: np.ndarray, error: float) -> int:
    """Return the side that diverged less often, by Fisher's exact test at `error`. It is 0 if that is not shown or no seed diverged."""
    lost = [int(np.sum(~np.isfinite(side))) for side in (a, b)]
    if lost[0] == lost[1]:
        return 0
    p = float(fisher_exact(np.array([[lost[0], a.size - lost[0]], [lost[1], b.size - lost[1]]])).pvalue)
    return (-1 if lost[0] < lost[1] else 1) if p <= error and math.isfinite(p) else 0
