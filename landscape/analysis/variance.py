"""The shares of the spread of a search's scores that axes, their interactions, hyperparameters and seeds explain."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import f, ncf, rankdata

from landscape.analysis.interval import Interval, Values
from landscape.analysis.seed_part import UNKNOWN, seed_part

NO_TRIALS = Interval(None, absent="no trials")
ONE_CELL = "one cell: all variance lies within it"


@dataclass(frozen=True)
class VarianceShares:
    """The shares of the variance of the ranks of all trials.

    The share of an axis is what its levels explain in addition to all other axes.
    """

    axes: Mapping[str, Interval] = field(default_factory=dict)
    interaction: Interval = NO_TRIALS
    """What the combinations of levels explain beyond the sum of the axes. It needs several settings in a cell."""
    within: Interval = NO_TRIALS
    """What differs between trials of one cell, hyperparameters and seed together. There is no value if no cell has two settings."""
    hyperparameters: Interval = NO_TRIALS
    """The part of `within` that is not the seed's."""
    seed: Interval = NO_TRIALS
    """The part of `within` that seeds alone would cause. There is no value without repeated seeds."""
    seed_part: Interval = NO_TRIALS
    """The seed's part of the variance within a cell, on the scale of the scores (see `landscape.analysis.seed_part`)."""
    of_confirmed: bool = False
    """Whether the seeds of that part are those of confirmed settings, because the search ran no setting on several seeds."""


def variance_shares(
    costs: ArrayLike,
    labels: pd.DataFrame,
    repeats: Mapping[str, ArrayLike] | None = None,
    *,
    settings: Sequence[str] | None = None,
    log: bool = False,
) -> VarianceShares:
    """Return the shares by axis, interaction, hyperparameters and seed with their intervals.

    Costs become ranks, so that diverged trials share the last place and no single score dominates. The share of an axis is its type II
    sum of squares minus what chance alone gives it (epsilon squared, Kelley 1935), divided by the total. Negative shares are shown as
    0. The interval inverts the noncentral F distribution (Steiger 2004) at the observed share of residual variance.

    What differs within a cell is split between hyperparameters and seed by `landscape.analysis.seed_part`. Intervals of these products
    recover the errors of both factors on the log scale (Zou and Donner 2008). tests/analysis/test_variance.py simulates the coverage.

    Args:
        costs: One cost for each trial [n]. Lower is better, and a diverged trial is +inf.
        labels: One row for each trial in the same order, and one column for each axis.
        repeats: The costs of several seeds of one setting, by setting, for the share of the seed.
        settings: The setting of each trial. Trials of one setting differ in their seeds alone and count once, by their mean rank.
        log: Whether the seed's part is that of the variance of log costs.
    """
    values = np.asarray(costs, dtype=np.float64)
    numbers = np.arange(len(values)) if settings is None else pd.factorize(np.asarray(settings, dtype=str))[0]
    cells = pd.factorize(pd.MultiIndex.from_frame(labels))[0] if labels.shape[1] else np.zeros(len(values), dtype=int)
    if len(np.unique(numbers)) == len(np.unique(cells)):
        # Nothing was searched: the trials of a cell are seeds of one setting, which are the replication.
        shares = _of_units(rankdata(values), labels, np.arange(len(values)))
        seeds_only = "one setting a cell: no hyperparameters vary" if len(values) > len(np.unique(cells)) else shares.within.absent
        return replace(shares, hyperparameters=Interval(None, absent=seeds_only), seed=shares.within)
    shares = replace(_of_units(rankdata(values), labels, numbers), of_confirmed=len(np.unique(numbers)) == len(values))
    of_seed = seed_part(values, cells, [str(n) for n in numbers], repeats, log=log)
    if of_seed.value is None or shares.within.value is None:
        absent = Interval(None, n=len(values), absent=shares.within.absent if of_seed.value is not None else of_seed.absent or UNKNOWN)
        return replace(shares, hyperparameters=absent, seed=absent, seed_part=of_seed)
    of_rest = _complement(of_seed)
    return replace(shares, hyperparameters=_product(shares.within, of_rest), seed=_product(shares.within, of_seed), seed_part=of_seed)


def _of_units(trial_ranks: Values, labels: pd.DataFrame, settings: np.ndarray) -> VarianceShares:
    """Return the shares that need no repeated seeds. The mean ranks of settings are the units, the variance of single trials the total."""
    _, first, place, counts = np.unique(settings, return_index=True, return_inverse=True, return_counts=True)
    ranks = np.bincount(place, trial_ranks) / counts if len(trial_ranks) else trial_ranks
    axes = {str(axis): pd.factorize(labels[axis].iloc[first])[0] for axis in labels}
    used = {axis: codes for axis, codes in axes.items() if len(np.unique(codes)) > 1}
    n = len(ranks)
    total = float(trial_ranks.var(ddof=1)) * (n - 1) if len(trial_ranks) > 1 else 0.0
    freedom = n - 1 - sum(len(np.unique(codes)) - 1 for codes in used.values())
    if freedom < 1 or total == 0:
        absent = Interval(None, n=n, absent="too few trials for the number of levels" if total else "all scores are the same")
        return VarianceShares(dict.fromkeys(axes, absent), absent, absent, absent, absent, absent)
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
    inside = n - len(np.unique(cells))
    if inside < 1:
        one = Interval(None, n=n, absent="one trial a cell: interactions cannot be told from hyperparameters and seed")
        return VarianceShares(shares, one, replace(one, absent="one trial a cell: hyperparameters and seed cannot be told from levels"))
    more = (n - 1) - inside - ((n - 1) - freedom)
    within = _residual(ranks, [cells])
    alone = Interval(None, n=n, absent="one axis: nothing to interact")
    interaction = _share(residual - within, more, within, inside, total) if more > 0 else alone
    of_seeds = float(((trial_ranks - ranks[place]) ** 2).sum()) / max(len(trial_ranks) - n, 1)
    spread = within / inside + of_seeds * (1 - float((1 / counts).mean()))
    return VarianceShares(shares, interaction, _within(ranks, within, inside, spread))


def _within(ranks: Values, squares: float, freedom: int, spread: float, level: float = 0.95) -> Interval:
    """Return the share of single trials' variance that lies within cells, with the interval that follows from the F of all cells.

    Args:
        ranks: The mean rank of each setting [n].
        squares: Their sum of squares within cells.
        freedom: Its degrees of freedom.
        spread: The variance of a single trial within a cell, which with several seeds is larger than that of the means.
    """
    n = len(ranks)
    levels, noise = n - 1 - freedom, squares / freedom
    total = float(((ranks - ranks.mean()) ** 2).sum())
    if levels < 1:
        return Interval(1.0, n=n, level=level, absent=ONE_CELL)
    if noise <= 1e-12 * total:
        return Interval(0.0, n=n, level=level, absent="all trials of a cell have one score")
    between = max(total - squares - levels * noise, 0.0) / (n - 1)
    point = spread / (spread + between)
    observed, parts = (total - squares) / levels / noise, n * spread / noise
    low, high = (parts / (parts + _noncentrality(observed, levels, freedom, tail)) for tail in ((1 - level) / 2, (1 + level) / 2))
    return Interval(point, min(low, point), max(high, point), level=level, kind="noncentral F on ranks", n=n)


def _complement(part: Interval) -> Interval:
    low, high = (None if end is None else 1 - end for end in (part.high, part.low))
    return replace(part, value=None if part.value is None else 1 - part.value, low=low, high=high)


def _product(one: Interval, two: Interval) -> Interval:
    """Return the product of two independent shares. Its log distances to the ends are the roots of the factors' summed squares."""
    assert one.value is not None
    assert two.value is not None
    value = one.value * two.value
    if one.absent == ONE_CELL:
        return replace(two, n=one.n)
    if not (one.has_interval and two.has_interval):
        return Interval(value, n=one.n, level=one.level, absent=two.absent or one.absent)
    low = value * math.exp(-math.hypot(_log_distance(one.low, one.value), _log_distance(two.low, two.value)))
    high = math.hypot(_log_distance(one.value, one.high), _log_distance(two.value, two.high))
    top = min(1.0, value * math.exp(high)) if value > 0 and math.isfinite(high) else (one.high or 0.0) * (two.high or 0.0)
    return Interval(value, low, top, level=one.level, kind=f"{one.kind} by {two.kind}", n=one.n)


def _log_distance(low: float | None, high: float | None) -> float:
    if not low or not high:
        return math.inf
    return math.log(high / low)


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
