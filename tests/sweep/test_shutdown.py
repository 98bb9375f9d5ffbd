"""Ray is taken down after everything is written, and whatever it does then is said and ends nothing else."""

import subprocess
import sys

import pytest

from landscape.core.errors import UserError
from landscape.sweep.pool import cluster
from landscape.sweep.pool.resources import Resources


@pytest.fixture
def child():
    """A process that would run for an hour."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    yield process
    process.kill()
    process.wait()


def test_a_failure_of_rays_shutdown_is_one_line_and_its_processes_end_all_the_same(monkeypatch, capsys, child):
    def fails():
        raise RuntimeError("the core worker\nhas gone")

    monkeypatch.setattr(cluster.ray, "shutdown", fails)
    watch = cluster.ServerWatch(lambda: True, None, lambda: None)
    cluster.take_down(watch, local=True)
    child.wait(10)  # raises where it still runs; its status is gone, for it was waited for already
    assert watch.over.is_set()
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "landscape: Ray did not end in order (RuntimeError: the core worker has gone); nothing is lost: all that was done is written"
    )


def test_processes_of_a_cluster_are_left_alone(monkeypatch, child):
    """On a cluster the processes below this one are not the sweep's to end."""
    monkeypatch.setattr(cluster.ray, "shutdown", lambda: None)
    cluster.take_down(None, local=False)
    assert child.poll() is None


def test_a_ray_that_does_not_start_is_one_line(monkeypatch, tmp_path):
    """Ray gives up on a busy machine, with an exception of no type of its own."""

    def gives_up(**_):
        raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(cluster.ray, "init", gives_up)
    with pytest.raises(UserError, match=r"Ray did not start \(The current node timed out during startup\.\): run the same command again"):
        cluster.connect(Resources(2, 1, 0.0, 0, local=True), tmp_path, None)
