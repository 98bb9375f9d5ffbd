"""Ranks of the levels of an axis over matched blocks, and the difference of mean ranks from which on two levels are told apart.

A block has one cost of each level, such as the cells that share the levels of all other axes. Within a block the levels are ranked, and
equal costs share the mean of their ranks. Friedman's test (1937, with the correction for ties) asks whether any level differs. The critical
difference of Nemenyi (1963) tells levels apart: q sqrt(k (k + 1) / (6 N)) for k levels and N blocks, where q is the quantile of the
studentized range divided by sqrt(2) (Demsar 2006, JMLR 7, section 3.2.2 and table 5). Blocks are the unit of replication. Two levels are
compared by the exact sign test instead, because the normal approximation would raise false alarms in 12.5% of cases at 4 blocks. Ranks
are discrete, so that the share of false alarms is not exactly 5%: in simulations of 3 to 8 levels over 3 to 30 blocks it is 0.7% to 6.0%
(3 levels over 9 blocks).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest, friedmanchisquare, rankdata, studentized_range

from landscape.analysis.cell_pairs import cell_medians, matched_blocks
from landscape.analysis.frames import TrialTable
from landscape.analysis.interval import Interval, Values
from landscape.analysis.proportions import share


@dataclass(frozen=True)
class RankedLevel:
    """One level among the others."""

    level: str
    mean_rank: float
    """The mean of its ranks over the blocks, from 1 for a level that is the best in every block."""
    behind: Interval
    """Its mean rank minus that of the best level. The intervals of all pairs of levels hold together."""
    together: tuple[str, ...]
    """The levels that it is not told apart from, in the order of mean ranks."""


@dataclass(frozen=True)
class LevelRanks:
    """The levels with the best mean rank first, and what is told apart."""

    levels: tuple[RankedLevel, ...]
    """There are none, and no groups, over fewer than `fewest_blocks` blocks, where nothing could be told apart."""
    blocks: int
    left_out: int
    """The number of blocks that lack a level. They do not count."""
    compared: int
    """The number of levels."""
    p: float | None = None
    """The p-value of the hypothesis that no level differs, by Friedman's test or, for two levels, by the exact sign test."""
    critical_difference: float | None = None
    """The difference of mean ranks from which on two of at least three levels are told apart. None for two levels."""
    groups: tuple[tuple[str, ...], ...] = ()
    """The largest runs of two or more neighbors of which none is told apart from another."""


def critical_difference(levels: int, blocks: int, *, level: float = 0.95) -> float:
    """Return Nemenyi's critical difference of the mean ranks of at least three levels over some blocks."""
    return nemenyi_quantile(levels, level) * math.sqrt(levels * (levels + 1) / (6 * blocks))


@lru_cache(maxsize=256)
def nemenyi_quantile(levels: int, level: float = 0.95) -> float:
    """Return the quantile of the studentized range for `levels` means and infinite degrees of freedom, divided by sqrt(2)."""
    return float(studentized_range.ppf(level, levels, math.inf)) / math.sqrt(2)


def fewest_blocks(levels: int, *, level: float = 0.95) -> int:
    """Return the number of blocks from which on a level that is the best in all can be told apart from one that is the worst in all."""
    if levels == 2:
        return math.ceil(1 - math.log2(1 - level) - 1e-9)  # The sign test has p = 2 / 2^N if one level wins every block.
    return math.ceil((critical_difference(levels, 1, level=level) / (levels - 1)) ** 2 - 1e-9)


def axis_ranks(table: TrialTable, axis: str, score: str) -> LevelRanks | None:
    """Return the ranks of the levels of an axis over matched cells, each by the median of its search trials, diverged ones counted.

    The median is that of one cell, whose trials differ in their settings and seeds alone. The best of a cell would favor cells with more
    trials. Fewer than two levels with scores give None.
    """
    blocks = list(matched_blocks(cell_medians(table, table.axes, score), table.axes, axis).values())
    return ranked(blocks) if len({level for block in blocks for level in block}) > 1 else None


def ranked(blocks: Sequence[Mapping[str, float]], *, level: float = 0.95) -> LevelRanks:
    """Return the ranks of levels over the blocks that have all of them.

    Args:
        blocks: The cost of each level in each block. Lower is better, and +inf stands for what diverged, as the worst.
        level: The coverage of the intervals of all pairs together, and 1 minus the probability of a false alarm.
    """
    names = sorted({name for block in blocks for name in block})
    whole = [[block[name] for name in names] for block in blocks if len(block) == len(names)]
    n, left_out = len(whole), len(blocks) - len(whole)
    if n < fewest_blocks(len(names), level=level):
        return LevelRanks((), n, left_out, len(names))
    ranks = ranks_of(whole)
    means = ranks.mean(axis=0)
    order = sorted(range(len(names)), key=lambda i: (means[i], names[i]))
    if len(names) == 2:
        (p, between), difference = _signs(ranks, order, level), None
        apart = np.full((2, 2), p <= 1 - level)
    else:
        p, difference = _friedman(ranks), critical_difference(len(names), n, level=level)
        between = [_behind(means[i] - means[order[0]], difference, n, level) for i in order]
        apart = np.abs(means[order][:, None] - means[order][None]) >= difference - 1e-9
    np.fill_diagonal(apart, False)
    sorted_names = [names[i] for i in order]
    levels = tuple(
        RankedLevel(name, float(means[i]), behind, tuple(o for o, far in zip(sorted_names, row, strict=True) if not far and o != name))
        for name, i, behind, row in zip(sorted_names, order, between, apart, strict=True)
    )
    return LevelRanks(levels, n, left_out, len(names), p, difference, _groups(sorted_names, apart))


def ranks_of(costs: ArrayLike) -> Values:
    """Return the ranks within each row of costs [blocks, levels], from 1 for the lowest. Equal costs share the mean of their ranks."""
    found: Values = rankdata(np.asarray(costs, dtype=np.float64), axis=1)
    return found


def _friedman(ranks: Values) -> float:
    """Return the p-value of Friedman's test. It is 1 if all levels are equal in every block."""
    return float(friedmanchisquare(*ranks.T).pvalue) if np.ptp(ranks, axis=1).any() else 1.0


def _behind(difference: float, critical: float, n: int, level: float) -> Interval:
    if difference == 0:
        return Interval(0.0, n=n, level=level, absent="the best level itself, or equal to it")
    return Interval(float(difference), float(difference) - critical, float(difference) + critical, level=level, kind="Nemenyi", n=n)


def _signs(ranks: Values, order: Sequence[int], level: float) -> tuple[float, list[Interval]]:
    """Return the p-value of the sign test of two levels, and how far each is behind the better one. Ties do not count."""
    n, worse = len(ranks), ranks[:, order[1]] - ranks[:, order[0]]
    wins, untied = int((worse > 0).sum()), int((worse != 0).sum())
    best = Interval(0.0, n=n, level=level, absent="the best level itself, or equal to it")
    if untied == 0:
        return 1.0, [best, best]
    ends = share(wins, untied, level=level)
    assert ends.low is not None
    assert ends.high is not None
    value, low, high = (untied / n * (2 * x - 1) for x in (wins / untied, ends.low, ends.high))
    return float(binomtest(wins, untied).pvalue), [best, Interval(value, low, high, level=level, kind="Clopper-Pearson", n=untied)]


def _groups(names: Sequence[str], apart: np.ndarray) -> tuple[tuple[str, ...], ...]:
    """Return the longest runs of neighbors in the order of mean ranks whose ends are not told apart."""
    ends = [max(j for j in range(i, len(names)) if not apart[i, j]) for i in range(len(names))]
    runs = [(i, j) for i, j in enumerate(ends) if j > i and (i == 0 or ends[i - 1] < j)]
    return tuple(tuple(names[i : j + 1]) for i, j in runs)
