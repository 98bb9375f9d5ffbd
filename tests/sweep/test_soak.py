"""A thousand tiny trials in one sweep: memory stays flat, and no file descriptor and no process is left behind."""

import contextlib
import os
import statistics

import psutil
import pytest

from landscape.results import studies

pytestmark = [pytest.mark.soak, pytest.mark.timeout(6 * 3600)]
TINY = {
    "protocol": {"name": "toy", "extractor": "pixels", "metrics": ["frechet"], "objective": "FD[pixels]", "n_fake": 100},
    "base": {"budget": {"amount": 4}, "batch_size": 8},
    "searcher": {"name": "random"},
    "limits": {"hang_seconds": 600},
}
MIB = 2**20


def kind(process: psutil.Process, driver: int) -> str:
    name = process.name()
    if process.pid == driver:
        return "driver"
    return "worker" if name.startswith("ray::") and "Agent" not in name else name


def measure(sweep) -> dict[str, tuple[float, int, int]]:
    """Kind -> (most MiB of their own, most file descriptors, processes). What is shared (libraries, Ray's object store) is nobody's."""
    found: dict[str, list[tuple[float, int]]] = {}
    with contextlib.suppress(psutil.Error):
        driver = psutil.Process(sweep.process.pid)
        for process in [driver, *driver.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                found.setdefault(kind(process, driver.pid), []).append((process.memory_full_info().uss / MIB, process.num_fds()))
    return {name: (max(m for m, _ in each), max(f for _, f in each), len(each)) for name, each in found.items()}


@pytest.mark.parametrize("real", [False, True], ids=["imitated", "trained"])
def test_a_thousand_trials(chaos, tmp_path, real):
    trials = int(os.environ.get("SOAK_TRIALS", "1000"))
    sweep = chaos.Sweep(tmp_path / "results", step_seconds=0.0, jobs=2, trials=trials, real=real, changes=TINY if real else {})
    sweep.start()
    looks: dict[int, dict[str, tuple[float, int, int]]] = {}
    for share in range(1, 11):
        sweep.wait_for(lambda share=share: sweep.ended() >= trials * share * 0.098, 7200)
        looks[sweep.ended()] = measure(sweep)
        print(f"\n{sweep.ended()} trials: {looks[sweep.ended()]}", flush=True)
    assert sweep.wait(600) == 0
    assert len(studies.read_study(sweep.study).trials) == trials
    assert not sweep.left()
    assert not list((tmp_path / "results").rglob("hang.txt"))
    # A tenth of the way in, caches have filled; compare with what is the rule later.
    order = sorted(looks)
    for name in ("driver", "worker"):
        first = looks[order[0]][name]
        late = [looks[n][name] for n in order[-4:-1] if name in looks[n]]
        memory, descriptors = statistics.median(m for m, _, _ in late), statistics.median(f for _, f, _ in late)
        assert memory < first[0] * 1.25 + 20, f"{name}: {first[0]:.0f} MiB, later {memory:.0f} MiB"
        assert descriptors <= first[1] + 8, f"{name}: {first[1]} file descriptors, later {descriptors}"
