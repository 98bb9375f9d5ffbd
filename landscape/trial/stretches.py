"""How many rounds run between two looks at the clock; how they are grouped does not change a result."""

import math
import time
from collections.abc import Callable, Iterable, Iterator

from landscape.training.gan import GAN

STRETCH_SECONDS = 0.3
"""Aimed-at time between two looks at the clock."""


class Stretches:
    """What Lightning iterates over: the same callable, as often as there is work; it says how many rounds to run now."""

    def __init__(self, gan: GAN, milestones: Iterable[int], seconds_budget: float | None, spent: float) -> None:
        self.gan, self.seconds_budget, self.spent = gan, seconds_budget, spent
        self.milestones = sorted({*milestones, *([gan.rounds.total] if gan.rounds.total else [])})
        self.size, self.started, self.finished = 1, time.perf_counter(), False

    def __iter__(self) -> Iterator[Callable[[], tuple[int, float]]]:
        while not self.finished:
            yield self.take

    @property
    def seconds(self) -> float:
        """Training time so far, over all interruptions."""
        return self.spent + time.perf_counter() - self.started

    def take(self) -> tuple[int, float]:
        """Rounds to run now (0 when the budget is spent), and up to how many where they come in blocks."""
        if self.finished:
            return 0, 0
        if self.seconds_budget:
            self.gan.rounds.clock_share = min(self.seconds / self.seconds_budget, 1.0)
        self.asked_at, self.asked_rounds = time.perf_counter(), self.gan.counts.rounds
        # A stretch ends where something is due, so that what is due falls on the same round however stretches are cut.
        most: float = min((m - self.asked_rounds for m in self.milestones if m > self.asked_rounds), default=math.inf)
        return int(min(self.size, most)), most

    def settle(self) -> None:
        """After a stretch: adapt its size to the clock, and see whether the budget is spent."""
        seconds = time.perf_counter() - self.asked_at
        played = max(self.gan.counts.rounds - self.asked_rounds, 1)
        self.size = max(1, min(self.size * 4, int(played * STRETCH_SECONDS / max(seconds, 1e-6))))
        total = self.gan.rounds.total
        self.finished = self.gan.counts.rounds >= total if total else self.seconds >= (self.seconds_budget or 0)
