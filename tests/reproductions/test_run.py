"""A reproduction that is interrupted: its workers save what they have and end; the next run goes on from there."""

import contextlib
import signal
import subprocess
import sys
import time

import psutil
import pytest

from landscape.record import RECORD_FILE, RESUME_FILE

SECONDS = 120
# What a shell starts in the background ignores Ctrl-C, and so would whatever these tests start.
START = """
import signal, sys
from landscape.cli.app import main
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""


def workers_of(parent: psutil.Process) -> list[psutil.Process]:
    """Those that have got as far as loading the networks' library: their trial has begun."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(0.1)
        with contextlib.suppress(psutil.Error):
            if found := [p for p in parent.children() if any("libtorch" in m.path for m in p.memory_maps())]:
                return found
    return []


@pytest.mark.parametrize(("number", "code"), [pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow), (signal.SIGKILL, -9)])
def test_workers_save_and_end_with_their_parent(tmp_path, number, code):
    command = [sys.executable, "-c", START, "reproduce", "unrolled-2016:seeds=1,steps=5000", "--results", str(tmp_path)]
    # In a group of its own and signalled alone: the workers learn of it from the parent, or from its absence.
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
    # More where the pool had already handed one out, or a second worker was still starting.
    assert len(list(trials.glob(f"*/{RESUME_FILE}"))) >= len(workers)
    assert not list(trials.glob(f"*/{RECORD_FILE}"))
