"""A reproduction is interrupted: its workers save what they have and end, and the next run continues from there."""

import contextlib
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from landscape.core.errors import UserError
from landscape.reproductions import _run
from landscape.reproductions._unrolled_2016.recipe import NOTEBOOK, trial
from landscape.results.record import RECORD_FILE, RESUME_FILE

SECONDS = 120
# A program that a shell starts in the background ignores Ctrl-C, and so would everything that these tests start.
START = """
import signal, sys
from landscape.cli.app import main
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""


def workers_of(parent: psutil.Process) -> list[psutil.Process]:
    """Return the workers that have loaded torch. Their trial has begun."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(0.1)
        with contextlib.suppress(psutil.Error):
            if found := [p for p in parent.children() if any("libtorch" in m.path for m in p.memory_maps())]:
                return found
    return []


def test_trials_share_the_cores(tmp_path, monkeypatch):
    threads = []

    class Pool(contextlib.nullcontext):
        def __init__(self, jobs, *_, **__):
            super().__init__(self)
            threads.append(jobs)

        def submit(self, function, *arguments):
            threads.append(arguments[-1])
            done = Future()
            done.set_result(None)
            return done

    monkeypatch.setattr(_run, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(_run, "cores", lambda: 5)
    monkeypatch.setattr(_run, "_read", lambda trial, folder: None)
    trials = [trial(NOTEBOOK, 0, seed, 10, None) for seed in range(3)]
    for number, expected in ((3, [3, 1, 1, 1]), (2, [2, 2, 2]), (1, [1, 5])):
        threads.clear()
        _run.run(trials[:number], tmp_path, data_dir=None)
        assert threads == expected


def test_a_training_whose_process_is_killed_is_one_line(tmp_path, monkeypatch):
    def watch(*_):
        raise BrokenProcessPool

    monkeypatch.setattr(_run, "ProcessPoolExecutor", lambda *_, **__: contextlib.nullcontext(SimpleNamespace(submit=lambda *_: Future())))
    monkeypatch.setattr(_run, "_watch", watch)
    with pytest.raises(UserError, match="ended at once.*the same command goes on from what was saved"):
        _run.run([trial(NOTEBOOK, 0, 0, 10, None)], tmp_path, data_dir=None)


def test_of_several_trials_those_that_have_ended_are_read():
    ended, other = (trial(NOTEBOOK, 0, 1, steps, None) for steps in (25_000, 10))
    folder = Path(__file__).parents[2] / "results/published/unrolled-2016"
    (found,) = _run.already_run([other, ended], folder)
    assert (found.trial, found.record.digest) == (ended, ended.config.digest())


def test_a_line_of_the_log_says_how_long_the_rest_takes():
    assert _run._how_far(0.58, 1, 0.01, 120.0) == "0.58 of 1 training done, about 84 min left"
    assert _run._how_far(1.5, 3, 0.0, 120.0) == "1.50 of 3 trainings done"


@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]
)
def test_workers_save_and_end_with_their_parent(tmp_path, number, code):
    command = [sys.executable, "-c", START, "reproduce", "unrolled-2016:seeds=1,steps=5000", "--results", str(tmp_path)]
    # The parent has its own process group and is signaled alone. The workers learn of it from the parent, or from its absence.
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as parent:
        try:
            workers = workers_of(psutil.Process(parent.pid))
            parent.send_signal(number)
            assert parent.wait(SECONDS) == code
        finally:
            parent.kill()
    assert workers
    assert psutil.wait_procs(workers, SECONDS)[1] == []
    trials = tmp_path / "published" / "unrolled-2016" / "trials"
    # There are more if the pool had already handed out another trial, or if a second worker was still starting.
    assert len(list(trials.glob(f"*/{RESUME_FILE}"))) >= len(workers)
    assert not list(trials.glob(f"*/{RECORD_FILE}"))
