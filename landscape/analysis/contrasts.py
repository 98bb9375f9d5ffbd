"""Pairs of levels from the confirmation runs of their settings: the costs of common seeds, and which settings need more seeds."""

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from landscape.analysis.confirmation_runs import Confirmed
from landscape.analysis.interval import Values
from landscape.analysis.looks import judge
from landscape.analysis.matched import Block, Design, Key


def levels_confirmed(blocks: Sequence[Block], runs: Mapping[Key, Confirmed]) -> list[str]:
    """Return the levels of an axis that have confirmation runs in some block."""
    return list(dict.fromkeys(level for block in blocks for level, key in block.settings.items() if key in runs))


def joint_level(level: float, levels: int) -> float:
    """Return the coverage that each pair of `levels` levels needs so that all of them hold together with coverage `level` (Bonferroni)."""
    return 1 - (1 - level) / max(math.comb(levels, 2), 1)


def blocks_of_both(blocks: Sequence[Block], runs: Mapping[Key, Confirmed], a: str, b: str) -> list[tuple[Confirmed, Confirmed]]:
    """Return the runs of two levels in each block that has both."""
    settings = [(block.settings[a], block.settings[b]) for block in blocks if {a, b} <= block.settings.keys()]
    return [(runs[x], runs[y]) for x, y in settings if x in runs and y in runs]


def paired_costs(both: Sequence[tuple[Confirmed, Confirmed]]) -> tuple[Values, Values]:
    """Return the costs [blocks, seeds] of two levels for the seeds that every block has on both sides, in the order of training."""
    common = sorted(set.intersection(*(set(one.runs) & set(other.runs) for one, other in both))) if both else []
    sides = [
        np.array([[pair[side].runs[order].cost for order in common] for pair in both]).reshape(len(both), len(common)) for side in (0, 1)
    ]
    return sides[0], sides[1]


def standing(costs: Sequence[Sequence[float]] | Sequence[Values], *, log: bool) -> tuple[float, float]:
    """Return what levels or settings are ordered by, lower first: the share of diverged seeds, then the mean of the others.

    Args:
        costs: The costs of some runs by block. A diverged run is +inf.
        log: Whether the mean is taken of logarithms.
    """
    every = np.concatenate([np.asarray(of, dtype=np.float64) for of in costs])
    finite = every[np.isfinite(every)]
    mean = float((np.log(finite) if log else finite).mean()) if len(finite) else math.inf
    return 1 - len(finite) / len(every), mean


def by_pairs(names: Sequence[str], pairs: Sequence[tuple[str, str]], usual: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return names in the order of the pairs that they win, so that the best one and what is said of its pairs agree.

    Two levels may have more seeds in common with each other than with a third one. Means over all seeds of each level would then compare
    other seeds than the pairs do.

    Args:
        names: The levels or settings.
        pairs: The better and the other one of each pair that has common seeds.
        usual: The order among names that win equally many pairs, and after that lose equally many (see `standing`).
    """
    won, lost = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    return sorted(names, key=lambda name: (-won[name], lost[name], usual[name]))


def is_log(runs: Mapping[Key, Confirmed], declared: bool) -> bool:
    """Return whether costs are compared by ratios. Scores that declare a log scale are, if all of them are above 0."""
    return declared and all(cost > 0 for of in runs.values() for cost in of.costs)


def open_settings(design: Design, runs: Mapping[Key, Confirmed], at: Sequence[int], *, log: bool, level: float = 0.95) -> list[Key]:
    """Return the settings of pairs that no look has decided so far, in the order of the design. They need further seeds."""
    found: set[Key] = set()
    for axis in dict.fromkeys(block.axis for block in design.blocks):
        blocks = design.of(axis)
        names = levels_confirmed(blocks, runs)
        joint = joint_level(level, len(names))
        for a, b in itertools.combinations(names, 2):
            ours, theirs = paired_costs(blocks_of_both(blocks, runs, a, b))
            if ours.size and judge(ours, theirs, at, log=log, level=joint).sign == 0:
                found |= {block.settings[name] for block in blocks if {a, b} <= block.settings.keys() for name in (a, b)}
    return [key for key in design.settings if key in found]
