"""What a sweep shows while it runs: one live line in a terminal, plain lines now and then in a log file."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

LIVE_SECONDS, LOG_SECONDS = 0.5, 30.0


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.4 h`, `2.1 days`."""
    for limit, unit, name in ((90, 1, "s"), (90 * 60, 60, "min"), (36 * 3600, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.1f} {name}" if unit == 3600 else f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86400:.1f} days"


@dataclass
class SweepProgress:
    """Where a sweep stands."""

    total: int
    objective: str
    done: int = 0
    running: int = 0
    failed: int = 0
    """Without a score: diverged, failed."""
    best: float | None = None
    best_cell: str = ""
    best_cost: float | None = None
    expected_seconds: float | None = None
    """Time that one trial keeps the machine busy, before any was measured: seconds divided by trials at a time."""
    clock: Callable[[], float] = time.monotonic
    started: float | None = None
    """By the clock; None until the trials start."""
    done_before: int = 0

    def begin(self) -> None:
        """The trials start now; those done before do not count for the pace."""
        self.started, self.done_before = self.clock(), self.done

    def score(self, value: float | None, cost: float | None, cell: str) -> None:
        """A trial ended with this objective; `cost` is the same in a scale in which lower is better."""
        if cost is None:
            self.failed += 1
        elif self.best_cost is None or cost < self.best_cost:
            self.best, self.best_cost, self.best_cell = value, cost, cell

    @property
    def left(self) -> int:
        """Trials that have neither ended nor begun."""
        return max(self.total - self.done - self.running, 0)

    @property
    def elapsed(self) -> float:
        """Seconds of this run."""
        return 0.0 if self.started is None else self.clock() - self.started

    @property
    def seconds_left(self) -> float | None:
        """From the pace of this run, once there is one; from the estimate before."""
        here, missing = self.done - self.done_before, self.total - self.done
        if here:
            return self.elapsed / here * missing
        return None if self.expected_seconds is None else max(self.expected_seconds * missing - self.elapsed, 0.0)

    def line(self) -> str:
        """All of it in one line."""
        best = f"best {self.objective} {self.best:.4g} ({self.best_cell})" if self.best is not None else f"no {self.objective} yet"
        left = "time left not known yet" if self.seconds_left is None else f"about {duration(self.seconds_left)} left"
        failed = f", {self.failed} without a score" if self.failed else ""
        counts = f"{self.done} of {self.total} trials done{failed}, {self.running} running, {self.left} to go"
        return f"{counts}; {best}; {duration(self.elapsed)} elapsed, {left}"


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
        """Show the last state for good, once; whatever is said later stands below it."""
        if self._closed:
            return
        self._closed = True
        if self._live is not None:
            self._live.stop()
            self._live = None
        self.say(self.progress.line())

    def refresh(self) -> None:
        """Show the progress, if it is time to."""
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
        """A line that stays."""
        if self._live is None:
            print(text, file=self.stream, flush=True)
        else:
            from rich.text import Text

            self._live.console.print(Text(text))
