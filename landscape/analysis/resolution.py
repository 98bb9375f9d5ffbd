"""The smallest difference that a study's confirmation can resolve, before anything is known but the number of seeds."""

import math
from collections.abc import Sequence

from landscape.analysis.contrasts import joint_level
from landscape.analysis.paired import resolvable_difference
from landscape.analysis.seeds import FEWEST_SEEDS

ASSUMED_SPREADS = (0.05, 0.1, 0.2)
"""Spreads over seeds of one setting, as shares of the score, for which a study that has measured none says what it would resolve."""


def resolvable_before(spread: float, levels: int, looks: Sequence[int], level: float = 0.95) -> float:
    """The smallest true difference that the first look decides 4 times in 5.

    Args:
        spread: standard deviation over the seeds of one setting; runs of one seed are taken to have nothing in common.
        levels: of the axis with the most of them; its pairs share the error.
        looks: numbers of seeds at which pairs are judged, of which one has at least 5.
        level: joint coverage.
    """
    each = 1 - (1 - joint_level(level, levels)) / len(looks)
    return resolvable_difference(math.sqrt(2) * spread, _first_look(looks), level=each)


def _first_look(looks: Sequence[int]) -> int:
    """The number of seeds at the first look that can decide by scores."""
    return next(seeds for seeds in looks if seeds >= FEWEST_SEEDS)


def resolution_sentence(score: str, levels: int, looks: Sequence[int], *, log: bool) -> str:
    """What so many seeds can tell apart, in words; empty below 2 levels.

    Args:
        score: public name of the score.
        levels: of the compared axis with the most of them.
        looks: numbers of seeds at which pairs are judged.
        log: whether the score is compared by ratios.
    """
    if levels < 2:
        return ""
    if looks[-1] < FEWEST_SEEDS:
        return f"{looks[-1]} seeds tell no two levels apart by their scores: a verdict needs {FEWEST_SEEDS}"
    what = f"{_first_look(looks)} paired seeds tell two of {levels} levels apart, 4 times in 5,"
    if not log:
        return f"{what} whose {score} differs by {resolvable_before(1.0, levels, looks):.3g} times the spread of one setting over seeds"
    known = [f"{math.exp(resolvable_before(spread, levels, looks)):.3g} if by {spread:.0%}" for spread in ASSUMED_SPREADS]
    return f"{what} by a factor in {score} that depends on the spread of one setting over seeds: {', '.join(known)}"
