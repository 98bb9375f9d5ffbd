"""The shares of the spread of a search's scores that axes, their interactions, hyperparameters and seeds explain."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import f, ncf, rankdata

from landscape.analysis.interval import Interval, Values


@dataclass(frozen=True)
class VarianceShares:
    """The shares of the variance of the ranks of all trials.

    The share of an axis is what its levels explain in addition to all other axes.
    """

    axes: Mapping[str, Interval] = field(default_factory=dict)
    interaction: Interval = field(default_factory=lambda: Interval(None, absent="no trials"))
    """What the combinations of levels explain beyond the sum of the axes. It needs several settings in a cell."""
    within: float | None = None
    """What differs between trials of one cell, hyperparameters and seed together. It is None if no cell has two settings."""
    seed: float | None = None
    """What differs between seeds of one setting, on the scale of the same ranks. It is None without confirmation runs."""


def variance_shares(costs: ArrayLike, labels: pd.DataFrame, repeats: Mapping[str, ArrayLike] | None = None) -> VarianceShares:
    """Return the shares by axis with their intervals.

    Costs become ranks, so that diverged trials share the last place and no single score dominates. The share of an axis is its type II
    sum of squares minus what chance alone gives it (epsilon squared, Kelley 1935), divided by the total. Negative shares are shown as
    0. The interval inverts the noncentral F distribution (Steiger 2004) at the observed share of residual variance.

    Args:
        costs: One cost for each trial [n]. Lower is better, and a diverged trial is +inf.
        labels: One row for each trial in the same order, and one column for each axis.
        repeats: The costs of several seeds of one setting, by setting, for the share of the seed.
    """
    values = np.asarray(costs, dtype=np.float64)
    axes = {str(axis): pd.factorize(labels[axis])[0] for axis in labels}
    used = {axis: codes for axis, codes in axes.items() if len(np.unique(codes)) > 1}
    n, ranks = len(values), rankdata(values)
    total = float(((ranks - ranks.mean()) ** 2).sum())
    freedom = n - 1 - sum(len(np.unique(codes)) - 1 for codes in used.values())
    if freedom < 1 or total == 0:
        absent = Interval(None, n=n, absent="too few trials for the number of levels" if total else "all scores are the same")
        return VarianceShares(dict.fromkeys(axes, absent), absent)
    residual = _residual(ranks, list(used.values()))
    shares = {}
    for axis in axes:
        if axis not in used:
            shares[axis] = Interval(None, n=n, absent="only one level")
            continue
        others = [codes for other, codes in used.items() if other != axis]
        gained = _residual(ranks, others) - residual
        shares[axis] = _share(gained, len(np.unique(used[axis])) - 1, residual, freedom, total)
    cells = pd.factorize(pd.MultiIndex.from_arrays(list(used.values())))[0] if used else np.zeros(n, dtype=int)
    within = _residual(ranks, [cells])
    inside = n - len(np.unique(cells))
    more = (n - 1) - inside - ((n - 1) - freedom)
    if inside < 1:
        interaction = Interval(None, n=n, absent="one trial a cell: interactions cannot be told from hyperparameters and seed")
    elif more < 1:
        interaction = Interval(None, n=n, absent="one axis: nothing to interact")
    else:
        interaction = _share(residual - within, more, within, inside, total)
    return VarianceShares(shares, interaction, _between(within / inside * (n - 1) / total) if inside > 0 else None, _seed(values, repeats))


def _residual(y: Values, factors: list[np.ndarray]) -> float:
    """Return the sum of squares that the added effects of the levels of `factors` leave."""
    columns = [np.ones(len(y))] + [(codes == code).astype(float) for codes in factors for code in np.unique(codes)[1:]]
    design = np.column_stack(columns)
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return float(((y - fitted) ** 2).sum())


def _between(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _share(gained: float, levels: int, residual: float, freedom: int, total: float, level: float = 0.95) -> Interval:
    """Return a share of the total with its interval, whose ends are the noncentralities that the observed F does not reject."""
    n = freedom + levels + 1
    noise = residual / freedom
    point = _between((gained - levels * noise) / total)
    if noise <= 1e-12 * total:
        return Interval(point, n=n, level=level, absent="nothing is left over: the axes explain every trial")
    observed = max(gained, 0.0) / levels / noise
    ends = [_noncentrality(observed, levels, freedom, tail) * noise / total for tail in ((1 + level) / 2, (1 - level) / 2)]
    return Interval(point, min(_between(ends[0]), point), max(_between(ends[1]), point), level=level, kind="noncentral F on ranks", n=n)


def _noncentrality(observed: float, levels: int, freedom: int, below: float) -> float:
    """Return the noncentrality at which an F below `observed` has probability `below`. It is 0 if that probability is not reached."""

    def excess(shift: float) -> float:
        exact = float(ncf.cdf(observed, levels, freedom, shift))
        return (_patnaik(observed, levels, freedom, shift) if math.isnan(exact) else exact) - below

    if excess(0.0) <= 0:
        return 0.0
    top = 10.0 + 4 * levels * observed
    while excess(top) > 0:
        top *= 2
    return float(brentq(excess, 0.0, top))


def _patnaik(observed: float, levels: int, freedom: int, shift: float) -> float:
    """Return the noncentral F distribution by a central one with the same first two moments of the numerator (Patnaik 1949)."""
    scale, matched = (levels + shift) / levels, (levels + shift) ** 2 / (levels + 2 * shift)
    return float(f.cdf(observed / scale, matched, freedom))


def _seed(searched: Values, repeats: Mapping[str, ArrayLike] | None) -> float | None:
    """Return the mean variance over seeds of a setting, with each score placed among those of the search, divided by their variance."""
    if not repeats:
        return None
    ordered = np.sort(searched)
    placed = []
    for costs in repeats.values():
        of = np.asarray(costs, dtype=np.float64)
        if len(of) > 1:
            middle = (np.searchsorted(ordered, of, "left") + np.searchsorted(ordered, of, "right")) / 2
            placed.append(float(middle.var(ddof=1)))
    spread = float(rankdata(searched).var(ddof=1))
    return _between(float(np.mean(placed)) / spread) if placed and spread > 0 else None
