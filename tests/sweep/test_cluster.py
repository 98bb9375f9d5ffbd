"""A sweep on a cluster of three nodes: a node is killed, then the head; the same command continues the study."""

import contextlib
import os
import signal

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def cluster(monkeypatch):
    """A head without CPUs of its own, and two nodes with one each."""
    from ray.cluster_utils import Cluster

    made = []

    def make() -> Cluster:
        it = Cluster(initialize_head=True, connect=False, head_node_args={"num_cpus": 0, "include_dashboard": False})
        for _ in range(2):
            it.add_node(num_cpus=1)
        made.append(it)
        return it

    yield make
    for it in made:
        with contextlib.suppress(Exception):
            it.shutdown()


def kill(process_infos) -> None:
    for process in process_infos:
        with contextlib.suppress(psutil.Error):
            for each in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
                with contextlib.suppress(psutil.Error):
                    os.kill(each.pid, signal.SIGKILL)


def processes_of(node):
    return [info.process for infos in node.all_processes.values() for info in infos]


def test_a_node_is_killed_then_the_head(chaos, cluster, tmp_path):
    options = {"deterministic": True, "trials": 24}
    first = cluster()
    it = chaos.Sweep(tmp_path / "results", step_seconds=0.1, ray_address=first.address, **options)
    it.start()
    assert it.wait_for(lambda: it.ended() >= 3, 600), it.said()
    # A node, in the middle of a trial.
    node = sorted(first.worker_nodes, key=str)[0]
    kill(processes_of(node))
    ended = it.ended()
    assert it.wait_for(lambda: it.ended() >= ended + 2, 600), it.said()
    # The head: Ray without an external store loses its cluster.
    kill(processes_of(first.head_node))
    assert it.wait(300) in (1, 2), it.text
    text = (tmp_path / "output").read_text()
    assert "nothing is lost: the same command continues the study" in text
    ended = it.ended()
    assert ended < 24
    second = cluster()
    again = chaos.Sweep(tmp_path / "results", step_seconds=0.01, ray_address=second.address, **options)
    assert again.run() == 0, again.text
    found = chaos.facts(again)
    assert max(found["ends"].values()) == 1
    assert set(found["cells"].values()) == {6}
    print(f"\nnode killed, head killed after {ended} of 24 trials, study continued: 24 trials, none lost, none run twice")
