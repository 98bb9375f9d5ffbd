"""Runs the trials of a reproduction, each in a process of its own, as many at a time as there are cores.

Runs are resumable and do not need Ray.
"""

import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator, MutableSequence, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.cpu_count import cores
from landscape.core.durations import duration
from landscape.core.errors import UserError
from landscape.core.files import require_writable
from landscape.core.progress import every, in_terminal, share_bars, write_line
from landscape.core.registry import load_installed_plugins, load_plugin, loaded_plugin_files
from landscape.core.wording import plural
from landscape.results import studies
from landscape.results.record import GENERATOR_FILE, RECORD_FILE, Scores, TrialRecord

LOOK_SECONDS, LINE_SECONDS = 0.5, 60.0
CHECKPOINT_SECONDS = 120.0

# In a worker these are shared with the parent: how much of each trial is done (0 to 1), and whether to save the trial and stop.
_shares: MutableSequence[float]
_stop: Any


@dataclass(frozen=True)
class PlannedTrial:
    """One model of a published table, to be trained."""

    row: str
    """The row of the table to which the model belongs."""
    config: TrialConfig
    """The configuration with the content hash of its data. Its `digest` is the trial's identity."""
    protocol: Protocol
    also: tuple[Protocol, ...] = ()
    """Further protocols under which the trained model is scored."""


@dataclass(frozen=True)
class FinishedTrial:
    """A trial that has run, with all its scores by the name of their protocol."""

    trial: PlannedTrial
    record: TrialRecord
    scores: dict[str, Scores]
    folder: Path


def run(trials: Sequence[PlannedTrial], folder: Path, *, data_dir: Path | None, jobs: int | None = None) -> list[FinishedTrial]:
    """Train and score each of `trials` once, in `folder`/trials/<digest>. A trial that is already there is read and not run again.

    Args:
        trials: The trials to run, in this order.
        folder: The folder of the reproduction.
        data_dir: The folder of the data sets' files.
        jobs: The number of processes at a time, which share the cores. None stands for one per core.

    Returns:
        The finished trials, in the order of `trials`.

    Raises:
        UserError: Data are missing, a folder holds the record of another trial, or a folder cannot be written.
    """
    left = [t for t in trials if not _is_done(t, _folder(folder, t))]
    if read := len(trials) - len(left):
        write_line(f"{read} of {plural(len(trials), 'training')} {'is' if read == 1 else 'are'} read from {folder}")
    if left:
        require_writable(folder)
        jobs = min(jobs or cores(), len(left))
        context = multiprocessing.get_context("spawn")
        # There are no locks, because a process that dies while it holds one would block all others.
        shares, stop = context.Array("d", len(left), lock=False), context.Value("b", 0, lock=False)
        with ProcessPoolExecutor(jobs, context, _begin, (shares, stop, loaded_plugin_files()), max_tasks_per_child=1) as pool:
            threads = max(cores() // jobs, 1)
            running: list[Future[None]] = []
            try:
                # A signal counts from before the first worker on, because leaving the pool waits for those that run.
                with _terminating_like_ctrl_c():
                    for i, t in enumerate(left):
                        running.append(pool.submit(_run_one, i, t, _folder(folder, t), data_dir, threads))
                    _watch(running, left, shares)
            except BaseException as error:
                stop.value = 1
                for future in running:
                    future.cancel()
                if isinstance(error, KeyboardInterrupt):
                    write_line("stopping: each training saves its state, with which the same command goes on")
                if isinstance(error, BrokenProcessPool):
                    why = "the process of a training ended at once, as for want of memory"
                    raise UserError(f"{why}; the same command goes on from what was saved (--jobs 1 needs the least memory)") from None
                raise
    return [_read(t, _folder(folder, t)) for t in trials]


@contextmanager
def _terminating_like_ctrl_c() -> Iterator[None]:
    """Make SIGTERM raise KeyboardInterrupt in this block, as Ctrl-C does. Only a main thread may do so; others go on without."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def already_run(trials: Sequence[PlannedTrial], folder: Path) -> list[FinishedTrial]:
    """Return those of `trials` that have ended in `folder`, in their order. Nothing is run.

    Raises:
        UserError: A folder holds the record of another trial.
    """
    return [_read(t, _folder(folder, t)) for t in trials if (_folder(folder, t) / RECORD_FILE).exists()]


def _is_done(trial: PlannedTrial, folder: Path) -> bool:
    """Return whether nothing is left to train or to score."""
    if not (folder / RECORD_FILE).exists():
        return False
    names = {scores.protocol["name"] for scores in studies.read_trial(folder).scores.values()}
    return all(protocol.name in names for protocol in (trial.protocol, *trial.also)) or not (folder / GENERATOR_FILE).exists()


def _folder(folder: Path, trial: PlannedTrial) -> Path:
    return folder / "trials" / trial.config.digest()


def _begin(shares: MutableSequence[float], stop: Any, plugins: Sequence[str]) -> None:
    """Prepare a worker. Only the parent reacts to Ctrl-C; on SIGTERM, or if the parent dies suddenly, the trial is saved and ends."""
    global _shares, _stop
    _shares, _stop = shares, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: setattr(_stop, "value", 1))
    threading.Thread(target=_follow_the_parent, daemon=True).start()
    load_installed_plugins()
    for plugin in plugins:
        load_plugin(plugin)


def _follow_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    _stop.value = 1


def _run_one(index: int, trial: PlannedTrial, folder: Path, data_dir: Path | None, threads: int) -> None:
    from landscape.trial.run_trial import prepare_and_run

    def report(line: dict[str, Any]) -> None:
        _shares[index] = line["progress"]

    how = {"device": "cpu", "threads": threads, "report": report, "should_stop": lambda: bool(_stop.value)}
    for protocol in (trial.protocol, *trial.also):
        # A model that is already trained is only scored, under the protocols that have no scores yet.
        prepare_and_run(trial.config, protocol, folder=folder, data_dir=data_dir, checkpoint_seconds=CHECKPOINT_SECONDS, **how)
    _shares[index] = 1.0


def _watch(running: Sequence[Future[None]], trials: Sequence[PlannedTrial], shares: Sequence[float]) -> None:
    """Show how far the trials are until all have ended: bars in a terminal, a line a minute in a log. The first failure ends the wait."""
    due, started, first = every(LINE_SECONDS), time.monotonic(), [0.0] * len(trials)
    with share_bars([f"{t.row}, seed {t.config.seed}" for t in trials], True) as show:
        while True:
            for number, share in enumerate(shares):
                show(number, share, "")
                first[number] = first[number] or share  # What a resumed training brings along took none of this time.
            if not in_terminal() and due():
                write_line(_how_far(sum(shares), len(trials), sum(shares) - sum(first), time.monotonic() - started))
            for future in running:
                if future.done():
                    future.result()
            if all(f.done() for f in running):
                return
            time.sleep(LOOK_SECONDS)


def _how_far(done: float, of: int, gained: float, seconds: float) -> str:
    """Say how many trainings are done, and how long the rest takes if it goes on as in the last `seconds`, in which `gained` were done."""
    left = f", about {duration(max(seconds / gained * (of - done), 1.0))} left" if gained > 0 else ""
    return f"{done:.2f} of {plural(of, 'training')} done{left}"


def _read(trial: PlannedTrial, folder: Path) -> FinishedTrial:
    found = studies.read_trial(folder)
    if found.record.digest != trial.config.digest():
        raise UserError(f"{folder} holds trial {found.record.digest}, not {trial.config.digest()}: move it away")
    return FinishedTrial(trial, found.record, {str(s.protocol["name"]): s for s in found.scores.values()}, folder)
