"""How results are printed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from landscape.record import Estimate, Scores

LINE_SECONDS = 10.0
"""Between two lines of progress where stderr is a file."""


def score_lines(scores: Scores) -> list[str]:
    """One line a score: name, value, interval and what it covers, direction; then what could not be computed."""
    protocol = scores.protocol
    width = max((len(name) for name in scores.estimates), default=0)
    head = f"protocol {protocol.get('name')} v{protocol.get('version')}, {scores.checkpoint} weights"
    lines = [head] + [f"  {name:<{width}}  {_estimate(e)}" for name, e in scores.estimates.items()]
    return lines + [f"  {name}: not computed: {reason}" for name, reason in scores.failures.items()]


def _estimate(estimate: Estimate) -> str:
    parts = [f"{estimate.value:.5g}"]
    if estimate.unit:
        parts.append(estimate.unit)
    if estimate.interval is not None:
        low, high = estimate.interval
        parts.append(f"[{low:.5g}, {high:.5g}] {estimate.level:.0%} {estimate.interval_kind}".rstrip())
    if estimate.spread is not None:
        parts.append(f"spread {estimate.spread:.3g}")
    if estimate.direction in ("lower", "higher"):
        parts.append(f"({estimate.direction} is better)")
    if estimate.note:
        parts.append(f"- {estimate.note}")
    return " ".join(parts)


@contextmanager
def progress_bar(label: str, *, quiet: bool = False) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Yields a function for `landscape.trial`'s status lines: a bar on a terminal, a line every ten seconds in a file."""
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
