"""The learning curves of a training, and the rounds at which they have points."""

import math
from collections import defaultdict
from dataclasses import dataclass, field

POINTS = 64
"""The number of points of a learning curve."""
FEW_POINTS = 8
"""The number of points of a curve whose values take longer to compute."""
DIGITS = 6
"""The significant digits of a value in a record. What is measured is float32, which has 7."""


def has_point(done: int, total: int | None, points: int = POINTS) -> bool:
    """Return whether learning curves have a point after `done` rounds of `total`, which is None if it is not known.

    Curves of `FEW_POINTS` have theirs at points of the other curves.
    """
    if not total:
        return done & (done - 1) == 0 or done % (256 * POINTS // points) == 0
    return done == total or done * points // total > (done - 1) * points // total


def least_interval(total: int | None) -> int:
    """Return the fewest rounds between two points, the first ones aside if `total` is not known. It is 0 if every round has a point."""
    return total // POINTS if total else 256


@dataclass
class Curves:
    """Learning curves, whose points are means of losses since the last point, or values that are measured at the point itself."""

    points: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    sums: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    steps: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, name: str, values: list[float]) -> None:
        """Add values of single steps in the order of the steps, so that sums do not depend on how steps were grouped."""
        for value in values:
            self.sums[name] += value
        self.steps[name] += len(values)

    def close(self, at: float) -> None:
        """Make points at `at` of the means since the last point."""
        for name, total in self.sums.items():
            self.put(name, at, total / self.steps[name])
        self.sums.clear()
        self.steps.clear()

    def put(self, name: str, at: float, value: float) -> None:
        """Add one point, unless its value is not finite."""
        if math.isfinite(value):
            self.points[name].append((at, value))

    def recorded(self) -> dict[str, tuple[tuple[float, float], ...]]:
        """Return the points with values of `DIGITS` significant digits, as records have them. More digits would be noise.

        The points themselves stay as they were measured, so that an interrupted training continues bit for bit.
        """
        return {name: tuple((at, significant(value)) for at, value in points) for name, points in self.points.items()}


def significant(value: float) -> float:
    """Return the number of `DIGITS` significant digits that is nearest to `value`."""
    return float(f"{value:.{DIGITS}g}")
