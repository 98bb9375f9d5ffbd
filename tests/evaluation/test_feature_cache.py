"""Features on disk: safe between processes, and never believed when damaged."""

import multiprocessing
import os
import time
import warnings
from pathlib import Path

import pytest
import torch

from landscape.components.extractors._base import Features
from landscape.evaluation.feature_cache import cached_features

IDENTITY = {"content": "a", "extractor": "b"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path))
    return tmp_path / "features"


def _never():
    raise AssertionError("computed although it was kept")


def _made():
    return Features(torch.arange(12.0).reshape(4, 3), torch.ones(4, 2))


def _entry(folder):
    (path,) = folder.glob("*.safetensors")
    return path


def test_kept_features_come_back_exactly_and_names_decide(folder):
    made = cached_features(IDENTITY, _made)
    kept = cached_features(IDENTITY, _never)
    assert torch.equal(kept.features, made.features)
    assert torch.equal(kept.logits, made.logits)
    alone = cached_features({**IDENTITY, "extractor": "c"}, lambda: Features(torch.zeros(1, 1)))
    assert alone.logits is None
    assert len(list(folder.glob("*.safetensors"))) == 2
    assert not list(folder.glob("*.tmp"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-5],
        lambda content: b"",
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: b"\xff" * 64,
        lambda content: (2**62).to_bytes(8, "little") + content[8:],
    ],
    ids=["truncated", "empty", "one bit", "noise", "absurd header"],
)
def test_a_damaged_entry_is_found_out_and_made_again(folder, damage):
    cached_features(IDENTITY, _made)
    path = _entry(folder)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(UserWarning, match="damaged.*computing them again"):
        again = cached_features(IDENTITY, _made)
    assert torch.equal(again.features, _made().features)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(cached_features(IDENTITY, _never).features, again.features)


def _want(folder, marks, start):
    os.environ["LANDSCAPE_CACHE"] = str(folder)
    torch.set_num_threads(1)

    def compute():
        (Path(marks) / str(os.getpid())).touch()
        time.sleep(0.3)
        return _made()

    start.wait(60)
    assert torch.equal(cached_features(IDENTITY, compute).features, _made().features)


def test_of_several_processes_one_computes(tmp_path):
    context = multiprocessing.get_context("fork")
    marks = tmp_path / "marks"
    marks.mkdir()
    start = context.Event()
    processes = [context.Process(target=_want, args=(tmp_path, marks, start)) for _ in range(3)]
    for process in processes:
        process.start()
    start.set()
    for process in processes:
        process.join(120)
    assert [p.exitcode for p in processes] == [0, 0, 0]
    assert len(list(marks.iterdir())) == 1


def _die(folder):
    os.environ["LANDSCAPE_CACHE"] = str(folder)
    cached_features(IDENTITY, lambda: os._exit(9))


def test_a_process_that_dies_while_computing_leaves_nothing_in_the_way(tmp_path):
    process = multiprocessing.get_context("fork").Process(target=_die, args=(tmp_path,))
    process.start()
    process.join(120)
    assert process.exitcode == 9
    assert torch.equal(cached_features(IDENTITY, _made).features, _made().features)


def test_where_nothing_can_be_written_features_are_computed_with_a_warning(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("LANDSCAPE_CACHE", str(blocked))
    with pytest.warns(UserWarning, match="set LANDSCAPE_CACHE"):
        assert torch.equal(cached_features(IDENTITY, _made).features, _made().features)


def test_a_full_disk_costs_the_entry_only(folder, monkeypatch):
    calls = []

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("landscape.evaluation.feature_cache.save_file", full)
    with pytest.warns(UserWarning, match="No space left"):
        cached_features(IDENTITY, lambda: calls.append(1) or _made())
    assert calls == [1]
    assert not list(folder.glob("*.safetensors"))
    assert not list(folder.glob("*.tmp"))
