"""Shows the progress of long work: a bar in a terminal, and a line from time to time in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

SECONDS_BETWEEN_LINES = 15.0

Unit = Literal["items", "bytes"]


@contextmanager
def progress(label: str, total: int, shown: bool, *, unit: Unit = "items", start: int = 0) -> Iterator[Callable[[int], None]]:
    """Yield a function that is called with the number of items (or bytes) just done. Progress is written to stderr.

    Args:
        label: What is being done.
        total: The number of items or bytes in all.
        shown: Whether anything is written.
        unit: What `total` counts. Bytes are shown as megabytes and gigabytes.
        start: How much was done before. It does not count toward the estimate of the time left.
    """
    if not shown:
        yield lambda done: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(*_columns(unit), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=total, completed=start)
            yield lambda done: bar.advance(task, done)
    else:
        yield _Lines(label, total, unit, start)


def size(count: float) -> str:
    """Write a number of bytes as people read it: 45.9 GB, 9.9 MB, 5 kB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"


def _columns(unit: Unit) -> tuple[Any, ...]:
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    counts = (DownloadColumn(), TransferSpeedColumn()) if unit == "bytes" else (MofNCompleteColumn(),)
    return (TextColumn("{task.description}"), BarColumn(), *counts, TimeRemainingColumn())


class _Lines:
    """Writes a line to stderr at most every `SECONDS_BETWEEN_LINES` seconds."""

    def __init__(self, label: str, total: int, unit: Unit, start: int) -> None:
        self._label, self._total, self._done, self._start = label, total, start, start
        self._text: Callable[[int], str] = size if unit == "bytes" else "{:,}".format
        self._started = self._last = time.monotonic()

    def __call__(self, done: int) -> None:
        self._done += done
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES or self._done == self._start:
            return
        self._last = now
        minutes_left = (now - self._started) / (self._done - self._start) * (self._total - self._done) / 60
        done_text, total_text = self._text(self._done), self._text(self._total)
        print(f"{self._label}: {done_text} of {total_text}, about {minutes_left:.0f} min left", file=sys.stderr, flush=True)
