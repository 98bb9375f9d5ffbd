"""How far long work is: bars in a terminal, a line now and then in a log. Everything goes to stderr."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from landscape.core.durations import duration

SECONDS_BETWEEN_LINES = 15.0

Unit = Literal["items", "bytes"]


@contextmanager
def progress(label: str, total: int, shown: bool, *, unit: Unit = "items", start: int = 0) -> Iterator[Callable[[int], None]]:
    """Show one piece of work that is counted; yields a function to call with the number of items (or bytes) just done.

    Args:
        label: What is done.
        total: The number of items or bytes.
        shown: Whether anything is written.
        unit: The unit of `total`. Bytes are shown as megabytes and gigabytes.
        start: How much was done before. It does not count for the time that is left.
    """
    if not shown:
        yield lambda done: None
    elif in_terminal():
        with _bars(*_columns(unit)) as bar:
            task = bar.add_task(label, total=total, completed=start)
            yield lambda done: bar.advance(task, done)
    else:
        yield _Lines(label, total, unit, start)


@contextmanager
def share_bars(labels: Sequence[str], shown: bool) -> Iterator[Callable[[int, float, str], None]]:
    """Show one bar for each of `labels`; yields a function (number of the bar, share done in [0, 1], a note).

    Outside a terminal nothing is written: what a line in a log should say is known to the caller, see `every`.
    """
    if not shown or not in_terminal():
        yield lambda number, share, note: None
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

    note = TextColumn("{task.fields[note]}")
    with _bars(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), note, TimeRemainingColumn()) as bars:
        tasks = [bars.add_task(label, total=1.0, note="") for label in labels]
        yield lambda number, share, note: bars.update(tasks[number], completed=share, note=note)


@contextmanager
def counting_bars(shown: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each piece of work as it turns up; yields a function (what, done, total). Outside a terminal nothing is written."""
    if not shown or not in_terminal():
        yield lambda what, done, total: None
        return
    with _bars(*_columns("items")) as bars:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        yield show


def in_terminal() -> bool:
    """Whether stderr is a terminal, where bars are drawn in place of lines."""
    return sys.stderr.isatty()


def every(seconds: float | None = None) -> Callable[[], bool]:
    """Return a function that is True when `seconds` (by default those between two lines of a log) have passed since it last was."""
    last = time.monotonic()

    def due() -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last < (SECONDS_BETWEEN_LINES if seconds is None else seconds):
            return False
        last = now
        return True

    return due


def write_line(text: str) -> None:
    """Write a line of a log."""
    print(text, file=sys.stderr, flush=True)


def size(count: float) -> str:
    """A number of bytes as people write it: 45.9 GB, 9.9 MB, 5 kB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"


def _bars(*columns: Any) -> Any:
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*columns, console=Console(stderr=True), transient=True)


def _columns(unit: Unit) -> tuple[Any, ...]:
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    counts = (DownloadColumn(), TransferSpeedColumn()) if unit == "bytes" else (MofNCompleteColumn(),)
    return (TextColumn("{task.description}"), BarColumn(), *counts, TimeRemainingColumn())


class _Lines:
    """Writes a line of a log now and then."""

    def __init__(self, label: str, total: int, unit: Unit, start: int) -> None:
        self._label, self._total, self._done, self._start = label, total, start, start
        self._text: Callable[[int], str] = size if unit == "bytes" else "{:,}".format
        self._started, self._due = time.monotonic(), every()

    def __call__(self, done: int) -> None:
        self._done += done
        if self._done == self._start or not self._due():
            return
        left = (time.monotonic() - self._started) / (self._done - self._start) * (self._total - self._done)
        write_line(f"{self._label}: {self._text(self._done)} of {self._text(self._total)}, about {duration(max(left, 1.0))} left")
