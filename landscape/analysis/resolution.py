"""The smallest difference that a study's confirmation can resolve, before anything is known but the number of seeds."""

import math
from collections.abc import Sequence

from landscape.analysis.contrasts import joint_level
from landscape.analysis.paired import resolvable_difference

ASSUMED_SPREADS = (0.05, 0.1, 0.2)
"""Spreads over seeds of one setting, as shares of the score, for which a study that has measured none says what it would resolve."""


def resolvable_before(spread: float, levels: int, looks: Sequence[int], level: float = 0.95) -> float:
    """The smallest true difference that the first look decides 4 times in 5.

    Args:
        spread: standard deviation over the seeds of one setting; runs of one seed are taken to have nothing in common.
        levels: of the axis with the most of them; its pairs share the error.
        looks: numbers of seeds at which pairs are judged.
        level: joint coverage.
    """
    each = 1 - (1 - joint_level(level, levels)) / len(looks)
    return resolvable_difference(math.sqrt(2) * spread, looks[0], level=each)


def resolution_sentence(score: str, levels: int, looks: Sequence[int], *, log: bool, measured: float | None = None) -> str:
    """What so many seeds can tell apart, in words; empty below 2 levels or seeds."""
    if levels < 2 or looks[0] < 2:
        return ""
    what = f"{looks[0]} paired seeds tell two of {levels} levels apart, 4 times in 5,"
    if not log:
        return f"{what} whose {score} differs by {resolvable_before(1.0, levels, looks):.3g} times the spread of one setting over seeds"
    if measured is not None:
        factor = math.exp(resolvable_before(measured, levels, looks))
        return f"{what} whose {score} differs by a factor of {factor:.3g} (one setting spreads by {measured:.2g} in log over seeds here)"
    known = [f"{math.exp(resolvable_before(spread, levels, looks)):.3g} if by {spread:.0%}" for spread in ASSUMED_SPREADS]
    return f"{what} by a factor in {score} that depends on the spread of one setting over seeds: {', '.join(known)}"
