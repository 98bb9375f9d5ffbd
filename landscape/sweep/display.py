"""What a sweep shows while it runs: one live line in a terminal, or a plain line now and then in a log file."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

from landscape.analysis.confirmation_runs import CONFIRMATION
from landscape.core.durations import duration, two_digits
from landscape.core.wording import plural, significant
from landscape.results.record import Status
from landscape.sweep.search.plan import Outcome

LIVE_SECONDS, LOG_SECONDS = 0.5, 30.0


@dataclass
class SweepProgress:
    """The progress of a sweep."""

    total: int
    objective: str
    done: int = 0
    running: int = 0
    diverged: int = 0
    stopped: int = 0
    """The number of trials that were stopped early."""
    failed: int = 0
    """The number of other trials without a score."""
    best: float | None = None
    best_cell: str = ""
    best_cost: float | None = None
    last: str = ""
    """The trial that ended last, in words."""
    expected_seconds: float | None = None
    """The estimated seconds by which one trial lengthens the sweep: those of a trial divided by the number of trials at a time."""
    clock: Callable[[], float] = time.monotonic
    started: float | None = None
    """The time of the clock when the trials started. It is None before."""
    done_before: int = 0

    def begin(self) -> None:
        """Note that the trials start now. Trials that were done before do not count for the pace."""
        self.started, self.done_before = self.clock(), self.done

    def score(self, outcome: Outcome) -> None:
        """Take in a trial that has ended, in this run or before.

        The best trial is one of the search, because confirmation runs repeat it with other seeds. It is chosen by the selection samples
        and shown with its score on the reporting ones, as on the page.
        """
        if outcome.status == Status.DIVERGED:
            self.diverged += 1
        elif outcome.status == Status.STOPPED_EARLY:
            self.stopped += 1
        elif outcome.cost is None:
            self.failed += 1
        searched = outcome.role != CONFIRMATION
        if searched and outcome.cost is not None and (self.best_cost is None or outcome.cost < self.best_cost):
            self.best, self.best_cost, self.best_cell = outcome.shown, outcome.cost, outcome.cell_id
        said = f"{self.objective} {significant(outcome.shown, 4)}" if outcome.shown is not None else outcome.status.replace("_", " ")
        self.last = f"last {said} ({outcome.cell_id}{'' if searched else ', confirmation'})"

    @property
    def left(self) -> int:
        """The number of trials that have neither ended nor begun."""
        return max(self.total - self.done - self.running, 0)

    @property
    def elapsed(self) -> float:
        """The seconds since this run began its trials."""
        return 0.0 if self.started is None else self.clock() - self.started

    @property
    def seconds_left(self) -> float | None:
        """The seconds left, from the pace of this run. Before there is one they come from the estimate."""
        here, missing = self.done - self.done_before, self.total - self.done
        if here:
            return self.elapsed / here * missing
        return None if self.expected_seconds is None else max(self.expected_seconds * missing - self.elapsed, 0.0)

    @property
    def rate(self) -> str:
        """The trials per hour or per minute in this run. The text is empty before the first one has ended."""
        here = self.done - self.done_before
        if not here or not self.elapsed:
            return ""
        per_minute = 60 * here / self.elapsed
        return f"{two_digits(per_minute)} trials/min" if per_minute >= 1 else f"{two_digits(60 * per_minute)} trials/h"

    def line(self) -> str:
        """The progress in one line: how far, how fast, what diverged, the best and the last score, and the time."""
        counted = (self.diverged, "diverged"), (self.stopped, "stopped early"), (self.failed, "failed")
        without = [f"{count} {word}" for count, word in counted if count]
        counts = f"{self.done} of {plural(self.total, 'trial')} done" + (f" ({', '.join(without)})" if without else "")
        best = (
            f"best {self.objective} {significant(self.best, 4)} ({self.best_cell})" if self.best is not None else f"no {self.objective} yet"
        )
        left = "time left not known yet" if self.seconds_left is None else f"about {duration(self.seconds_left)} left"
        times = ", ".join(filter(None, (f"{duration(self.elapsed)} elapsed", self.rate, left)))
        return "; ".join(filter(None, (f"{counts}, {self.running} running, {self.left} to go", best, self.last, times)))


@dataclass
class Display:
    """Shows a SweepProgress on `stream`."""

    progress: SweepProgress
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    _live: Any = None
    _shown_at: float = -1e9
    _closed: bool = False

    def __enter__(self) -> "Display":
        if self.stream.isatty():
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(file=self.stream), auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Show the last state and close the display. Lines that are said later stand below it."""
        if self._closed:
            return
        self._closed = True
        if self._live is not None:
            self._live.stop()
            self._live = None
        self.say(self.progress.line())

    def refresh(self) -> None:
        """Show the progress if it is time to do so."""
        now = self.progress.clock()
        if now - self._shown_at < (LIVE_SECONDS if self._live is not None else LOG_SECONDS):
            return
        self._shown_at = now
        if self._live is None:
            self.say(self.progress.line())
        else:
            from rich.text import Text

            self._live.update(Text(self.progress.line()), refresh=True)

    def say(self, text: str) -> None:
        """Write a line that stays."""
        if self._live is None:
            print(text, file=self.stream, flush=True)
        else:
            from rich.text import Text

            self._live.console.print(Text(text))
