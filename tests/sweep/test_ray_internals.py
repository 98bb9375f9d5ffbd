"""What is private in Ray: found in the version of the lock, and gone without where another version lacks it."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from landscape.sweep.pool import ray_internals

LOCK = Path(__file__).parents[2] / "requirements.lock"


def test_the_version_of_the_lock_has_every_private_part():
    """A canary: when the lock moves to a Ray that lost a part, this says which, before sweeps become slower or louder."""
    (locked,) = re.findall(r"^ray==(\S+)", LOCK.read_text(), flags=re.MULTILINE)
    assert version("ray") == locked
    assert dict.fromkeys(ray_internals.FOUND, True) == ray_internals.FOUND


class Cache:
    """Tune's cache under other names, as a later version may have it."""

    def __init__(self, may_keep_one=True):
        self._entries = {}


@pytest.mark.parametrize("change", ["gone", "renamed inside", "made by another name"])
def test_a_tune_that_changed_its_cache_is_noticed(monkeypatch, change):
    """Whichever part changed, the cache counts as not found and is not replaced."""
    controller = ray_internals.tune_controller
    if change == "gone":
        monkeypatch.delattr(controller, "_ObjectCache")
    elif change == "renamed inside":
        monkeypatch.setattr(controller, "_ObjectCache", Cache)
    else:
        monkeypatch.setattr(controller.TuneController, "__init__", lambda self: None)
    assert not ray_internals.parts_found()["tune's cache of idle processes"]


@pytest.mark.parametrize("gone", ["_private", "_private.worker", "_private.ray_constants"])
def test_a_ray_without_its_private_parts_is_noticed(monkeypatch, gone):
    """A version that moved them counts as without them; it is no error."""
    monkeypatch.delattr(f"ray.{gone}")
    found = ray_internals.parts_found()
    assert found["ray's switch for clusters"] == (gone == "_private.worker")
    assert found["ray's printer of workers' lines"] == (gone == "_private.ray_constants")


def test_what_is_not_found_is_left_alone_and_what_is_found_is_put_back(monkeypatch):
    """Inside, the parts are changed; afterwards they are as before; parts that were not found are never touched."""
    worker, constants, controller = (
        ray_internals.ray._private.worker,
        ray_internals.ray._private.ray_constants,
        ray_internals.tune_controller,
    )
    before = worker.print_to_stdstream, constants.ENABLE_RAY_CLUSTER, controller._ObjectCache

    def parts():
        return worker.print_to_stdstream, constants.ENABLE_RAY_CLUSTER, controller._ObjectCache

    def inside():
        with ray_internals.silent_workers(), ray_internals.loopback_only(), ray_internals.idle_processes_kept(None):
            return parts()

    changed = inside()
    assert [a is not b for a, b in zip(changed, before, strict=True)] == [True] * 3
    assert changed[1] is False
    assert parts() == before
    monkeypatch.setattr(ray_internals, "FOUND", dict.fromkeys(ray_internals.FOUND, False))
    assert inside() == before


@pytest.mark.slow
def test_without_them_a_sweep_comes_to_the_same_end(chaos, tmp_path):
    """Tune's own reuse of processes: slower, and the same trials."""
    faults = tmp_path / "faults.json"
    faults.write_text('{"1": "die", "5": "memory!"}')
    plain = chaos.Sweep(tmp_path / "results", jobs=2, deterministic=True, plain_ray=True)
    assert plain.run() == 0, plain.text
    assert "12 of 12 trials done" in plain.text
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "faults.json").write_text(faults.read_text())
    kept = chaos.Sweep(tmp_path / "kept" / "results", jobs=2, deterministic=True)
    assert kept.run() == 0, kept.text
    assert chaos.facts(plain)["proposals"] == chaos.facts(kept)["proposals"]
    assert not plain.left()
