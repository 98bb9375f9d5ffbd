"""Prints scores and the progress of a training."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landscape.core.durations import duration
from landscape.core.progress import every, in_terminal, share_bars, write_line
from landscape.core.wording import significant, words

if TYPE_CHECKING:
    from landscape.results.record import Estimate, Scores, TrialRecord
    from landscape.results.studies import Study


def stored_study(folder: Path) -> "Study":
    """Return the study in `folder`, and print its warnings."""
    from landscape.results.studies import read_study

    study = read_study(folder)
    print_warnings(study)
    return study


def print_warnings(study: "Study") -> None:
    """Print on stderr what of a study was set aside or left out, one line each."""
    for warning in study.warnings:
        click.echo(f"landscape: {warning}", err=True)


def health_lines(record: "TrialRecord") -> list[str]:
    """Return a line for each symptom of a trial, or one that says that it is healthy, with the figures behind it.

    A trial of an earlier version has no line if it is healthy, since its record holds no figures then.
    """
    from landscape.results.record import HEALTHY

    named = [(f"symptom: {words(name)}", record.diagnosis[name]) for name in record.symptoms]
    if not named and HEALTHY in record.diagnosis:
        named = [(HEALTHY, record.diagnosis[HEALTHY])]
    return [f"{name} ({', '.join(f'{words(key)} {_figure(value)}' for key, value in figures.items())})" for name, figures in named]


def _figure(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_figure, value))}]"
    return significant(value, 4) if isinstance(value, float) else str(value)


def score_lines(scores: "Scores", *, notes: bool = False) -> list[str]:
    """Return a line for each score, and with `notes` below it what its interval covers and what a reader must know."""
    protocol = scores.protocol
    width = max((len(name) for name in scores.estimates), default=0)
    lines = [f"protocol {protocol.get('name')} v{protocol.get('version')} ({protocol.get('digest')}), {scores.checkpoint} weights"]
    for name, estimate in scores.estimates.items():
        lines.append(f"  {name:<{width}}  {_value(estimate)}")
        lines += [f"      {note}" for note in notes_of(estimate)] if notes else []
    return lines + [f"  {name}: not computed: {reason}" for name, reason in scores.failures.items()]


def _value(estimate: "Estimate") -> str:
    parts = [significant(estimate.value, 5), estimate.unit]
    if estimate.interval is not None:
        parts.append("[{}, {}]".format(*(significant(end, 5) for end in estimate.interval)))
    if estimate.direction in ("lower", "higher"):
        parts.append(f"({estimate.direction} is better)")
    return " ".join(part for part in parts if part)


def notes_of(estimate: "Estimate") -> list[str]:
    """Return what the interval covers, the spread over averaging runs, and what a reader must know, a line each."""
    found = [f"{estimate.level:.0%} interval: {estimate.interval_kind}"] if estimate.interval is not None else []
    found += [f"spread over averaging runs {significant(estimate.spread)}"] if estimate.spread else []
    return found + ([estimate.note] if estimate.note else [])


@contextmanager
def training_progress(*, quiet: bool = False) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Yield a function that shows the status of `landscape.trial.run_trial`: as a bar in a terminal, as a line now and then in a log."""
    due = every()
    with share_bars(["training"], not quiet) as show:

        def report(status: Mapping[str, Any]) -> None:
            show(0, status["progress"], _note(status))
            if not quiet and not in_terminal() and due():
                write_line(f"training: {status['progress']:.0%}, {_note(status)}, {duration(status['seconds'])}")

        yield report


def _note(status: Mapping[str, Any]) -> str:
    losses = ", ".join(f"{name} {significant(status[name])}" for name in ("d_loss", "g_loss") if name in status)
    steps = status["counts"]["d_steps"] or status["counts"]["g_steps"]
    return f"step {steps}" + (f", {losses}" if losses else "")
