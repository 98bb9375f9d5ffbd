"""The clock of a training and its learning curves."""

import math
from collections import defaultdict
from dataclasses import dataclass, field

POINTS = 64
"""Of a learning curve."""


def has_point(done: int, total: int | None) -> bool:
    """Whether learning curves have a point after `done` rounds of `total` (None: not known)."""
    if not total:
        return done & (done - 1) == 0 or done % 256 == 0
    return done == total or done * POINTS // total > (done - 1) * POINTS // total


def least_interval(total: int | None) -> int:
    """The fewest rounds between two points, but for the first ones where `total` is not known; 0 where every round has one."""
    return total // POINTS if total else 256


@dataclass
class Curves:
    """Learning curves: means of losses over the stretch since the last point, and what is measured at the point itself."""

    points: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    sums: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    steps: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, name: str, values: list[float]) -> None:
        """Add per-step values in the order of the steps: sums do not depend on how steps were grouped."""
        for value in values:
            self.sums[name] += value
        self.steps[name] += len(values)

    def close(self, at: float) -> None:
        """End the stretch: its means become points at `at`."""
        for name, total in self.sums.items():
            self.put(name, at, total / self.steps[name])
        self.sums.clear()
        self.steps.clear()

    def put(self, name: str, at: float, value: float) -> None:
        """One point; a non-finite value is no point."""
        if math.isfinite(value):
            self.points[name].append((at, value))
