"""Decides how many rounds run between two looks at the clock, for a Trainer that is silent. Their grouping does not change a result."""

import logging
import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytorch_lightning as pl

from landscape.training.gan import GAN

STRETCH_SECONDS = 0.3
"""The time between two looks at the clock that is aimed at."""


class Stretches:
    """What Lightning iterates over as long as there is work: always the same function, which says how many rounds to run now."""

    def __init__(self, gan: GAN, milestones: Iterable[int], seconds_budget: float | None, spent: float) -> None:
        self.gan, self.seconds_budget, self.spent = gan, seconds_budget, spent
        self.milestones = sorted({*milestones, *([gan.rounds.total] if gan.rounds.total else [])})
        self.size, self.started, self.finished = 1, time.perf_counter(), False

    def __iter__(self) -> Iterator[Callable[[], tuple[int, float]]]:
        while not self.finished:
            yield self.take

    @property
    def seconds(self) -> float:
        """The training time so far, over all interruptions."""
        return self.spent + time.perf_counter() - self.started

    def take(self) -> tuple[int, float]:
        """Return how many rounds to run now (0 if the budget is spent), and how many may be run at most if they come in blocks."""
        if self.finished:
            return 0, 0
        if self.seconds_budget:
            self.gan.rounds.clock_share = min(self.seconds / self.seconds_budget, 1.0)
        self.asked_at, self.asked_rounds = time.perf_counter(), self.gan.counts.rounds
        # A stretch ends at a milestone, so that what is due there happens at the same round however stretches are cut.
        most: float = min((m - self.asked_rounds for m in self.milestones if m > self.asked_rounds), default=math.inf)
        return int(min(self.size, most)), most

    def settle(self) -> None:
        """Adapt the size of stretches to the clock after one has run, and see whether the budget is spent."""
        seconds = time.perf_counter() - self.asked_at
        played = max(self.gan.counts.rounds - self.asked_rounds, 1)
        self.size = max(1, min(self.size * 4, int(played * STRETCH_SECONDS / max(seconds, 1e-6))))
        total = self.gan.rounds.total
        self.finished = self.gan.counts.rounds >= total if total else self.seconds >= (self.seconds_budget or 0)


def quiet_trainer(**options: Any) -> pl.Trainer:
    """Return a Trainer that writes nothing, because the trial itself writes records, checkpoints and progress."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning.*")
    return pl.Trainer(logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, **options)
