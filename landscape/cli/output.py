"""How results are printed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from landscape.results.record import Estimate, Scores

LINE_SECONDS = 10.0
"""Between two lines of progress where stderr is a file."""


def score_lines(scores: "Scores", *, notes: bool = False) -> list[str]:
    """One line a score: name, value, interval, direction; with `notes` what each interval covers and what a reader must know below it."""
    protocol = scores.protocol
    width = max((len(name) for name in scores.estimates), default=0)
    lines = [f"protocol {protocol.get('name')} v{protocol.get('version')} ({protocol.get('digest')}), {scores.checkpoint} weights"]
    for name, estimate in scores.estimates.items():
        lines.append(f"  {name:<{width}}  {_value(estimate)}")
        lines += [f"      {note}" for note in _notes(estimate)] if notes else []
    return lines + [f"  {name}: not computed: {reason}" for name, reason in scores.failures.items()]


def _value(estimate: "Estimate") -> str:
    parts = [f"{estimate.value:.5g}", estimate.unit]
    if estimate.interval is not None:
        parts.append("[{:.5g}, {:.5g}]".format(*estimate.interval))
    if estimate.direction in ("lower", "higher"):
        parts.append(f"({estimate.direction} is better)")
    return " ".join(part for part in parts if part)


def _notes(estimate: "Estimate") -> list[str]:
    found = [f"{estimate.level:.0%} interval: {estimate.interval_kind}"] if estimate.interval is not None else []
    found += [f"spread over averaging runs {estimate.spread:.3g}"] if estimate.spread else []
    return found + ([estimate.note] if estimate.note else [])


@contextmanager
def progress_bar(label: str, *, quiet: bool = False) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Yields a function for `landscape.trial.run_trial`'s status lines: a bar on a terminal, a line every ten seconds in a file."""
    if quiet:
        yield lambda status: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _line_writer(label)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=1.0, note="")
        yield lambda status: bar.update(task, completed=status["progress"], note=_note(status))


def _line_writer(label: str) -> Callable[[Mapping[str, Any]], None]:
    last = 0.0

    def write(status: Mapping[str, Any]) -> None:
        nonlocal last
        if status["seconds"] - last >= LINE_SECONDS:
            last = status["seconds"]
            click.echo(f"{label}: {status['progress']:.0%}, {_note(status)}, {last:.0f} s", err=True)

    return write


def _note(status: Mapping[str, Any]) -> str:
    losses = ", ".join(f"{name} {status[name]:.3g}" for name in ("d_loss", "g_loss") if name in status)
    steps = status["counts"]["d_steps"] or status["counts"]["g_steps"]
    return f"step {steps}" + (f", {losses}" if losses else "")


@contextmanager
def counting_bar(*, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Yields a function (what, done, total): a bar a piece of work on a terminal, nothing in a file."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda what, done, total: None
        return
    with Progress(console=console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        yield show
