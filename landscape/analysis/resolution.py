"""The smallest difference that the confirmation of a study can resolve, from the number of seeds and a measured or assumed spread."""

import math
from collections.abc import Sequence

from landscape.analysis.contrasts import joint_level
from landscape.analysis.measured_spread import MeasuredSpread
from landscape.analysis.paired import resolvable_difference
from landscape.analysis.seeds import FEWEST_SEEDS
from landscape.core.wording import plural

ASSUMED_SPREADS = (0.05, 0.1, 0.2)
"""The assumed spreads over seeds of one setting, as shares of the score, for a study that has not measured its own."""


def resolvable_before(spread: float, levels: int, looks: Sequence[int], level: float = 0.95) -> float:
    """Return the smallest true difference that the first look decides in 4 of 5 cases.

    Args:
        spread: The standard deviation over the seeds of one setting. Two runs of one seed are assumed to have nothing in common.
        levels: The number of levels of the axis with the most of them. Its pairs share the error.
        looks: The numbers of seeds at which pairs are judged, of which one is at least 5.
        level: The joint coverage.
    """
    each = 1 - (1 - joint_level(level, levels)) / len(looks)
    return resolvable_difference(math.sqrt(2) * spread, _first_look(looks), level=each)


def _first_look(looks: Sequence[int]) -> int:
    """Return the number of seeds at the first look that can decide by scores."""
    return next(seeds for seeds in looks if seeds >= FEWEST_SEEDS)


def resolution_sentence(score: str, levels: int, looks: Sequence[int], *, log: bool, measured: MeasuredSpread | None = None) -> str:
    """Return in words what the seeds can tell apart. The text is empty below 2 levels.

    Args:
        score: The public name of the score.
        levels: The number of levels of the compared axis with the most of them.
        looks: The numbers of seeds at which pairs are judged.
        log: Whether the score is compared by ratios.
        measured: The spread over seeds that confirmation runs have shown before. Without it spreads are assumed, and the text says so.
    """
    if levels < 2:
        return ""
    if looks[-1] < FEWEST_SEEDS:
        return f"{looks[-1]} seeds tell no two levels apart by their scores: a verdict needs {FEWEST_SEEDS}"
    what = f"{_first_look(looks)} paired seeds tell two of {levels} levels apart, 4 times in 5,"
    if measured is not None:
        smallest = resolvable_before(measured.value, levels, looks)
        where = f"study {measured.study}, of the same data, protocol and budget" if measured.study else "this study"
        by = f"by a factor of {math.exp(smallest):.3g}" if log else f"by {smallest:.3g}"
        shown = f"{measured.value:.0%}" if log else f"{measured.value:.3g}"
        settings = plural(measured.settings, "setting")
        return f"{what} whose {score} differs {by}: seeds of one setting spread by {shown} in {settings} of {where}"
    if not log:
        return f"{what} whose {score} differs by {resolvable_before(1.0, levels, looks):.3g} times the spread of one setting over seeds"
    known = [f"{math.exp(resolvable_before(spread, levels, looks)):.3g} if by {spread:.0%}" for spread in ASSUMED_SPREADS]
    return f"{what} by a factor in {score} that depends on the spread of one setting over seeds, here assumed: {', '.join(known)}"
