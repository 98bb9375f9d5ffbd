"""A data set is prepared once: the cache, its checksums, several processes at once, a full disk, and data sets by name."""

import errno
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch

from landscape.components.datasets._base import DATASETS, Split
from landscape.components.datasets._load import load_dataset, resolve_name
from landscape.components.datasets._preparing import prepare
from landscape.components.datasets._preparing.content import content_hash
from landscape.core.errors import UserError
from landscape.inventory.prepared_data import prepared_datasets


@pytest.fixture
def cache():
    return Path(os.environ["LANDSCAPE_CACHE"]) / "datasets"


@pytest.fixture
def preparations(monkeypatch):
    """Count how often pictures are read."""
    counted = []
    # Nothing public tells whether pictures were read, so the private function that reads them is wrapped.
    fill = prepare._fill

    def counting(*arguments):
        counted.append(1)
        return fill(*arguments)

    monkeypatch.setattr(prepare, "_fill", counting)
    return counted


def test_the_second_load_maps_what_the_first_prepared(files, cache, preparations):
    folder = files.pictures("mine", 10)
    first = load_dataset(f"folder:{folder}")
    second = load_dataset(f"folder:{folder}")
    assert len(preparations) == 1
    assert second.content_hash == first.content_hash
    assert second.handling == first.handling
    assert torch.equal(second.split("train").samples, first.split("train").samples)
    (prepared,) = [f for f in cache.iterdir() if f.is_dir()]
    assert sorted(f.name for f in prepared.iterdir()) == ["meta.json", "test.npy", "train.npy", "validation.npy"]
    np.testing.assert_array_equal(np.load(prepared / "train.npy"), first.split("train").samples)


def test_what_is_read_is_never_written(files, cache):
    """A caller that changes the mapped samples in place changes only its own copy."""
    folder = files.pictures("mine", 10)
    samples = load_dataset(f"folder:{folder}").split("train").samples
    before = samples.clone()
    samples.zero_()
    assert torch.equal(load_dataset(f"folder:{folder}").split("train").samples, before)


def test_anything_that_decides_the_pixels_prepares_anew(files, preparations):
    folder = files.pictures("mine", 10)
    hashes = {
        load_dataset(f"folder:{folder}", hyperparameters, **keywords).content_hash
        for hyperparameters, keywords in (
            ({}, {}),
            ({}, {"resolution": 8}),
            ({"resample": "box"}, {"resolution": 8}),
            ({}, {"channels": 1}),
            ({"validation": 0.2}, {}),
            ({"split_seed": 1}, {}),
        )
    }
    assert len(hashes) == len(preparations) == 6
    os.utime(folder / "00.png", ns=(1, 1))
    # The file was touched but has the same content: it is read again and recognized by its content.
    assert load_dataset(f"folder:{folder}").content_hash in hashes
    assert len(preparations) == 6
    files.pictures("mine", 1)
    assert load_dataset(f"folder:{folder}").content_hash not in hashes
    (folder / "09.png").unlink()
    assert load_dataset(f"folder:{folder}").content_hash not in hashes


def test_the_hash_sees_every_byte_and_label():
    def of(samples, labels=None, name="train"):
        return content_hash({name: Split(torch.tensor(samples, dtype=torch.uint8), None if labels is None else torch.tensor(labels))})

    base = of([[[[1, 2]]], [[[3, 4]]]], [0, 1])
    changed = [
        of([[[[1, 2]]], [[[3, 5]]]], [0, 1]),
        of([[[[1, 2]]], [[[3, 4]]]], [0, 2]),
        of([[[[1, 2]]], [[[3, 4]]]]),
        of([[[[1], [2]]], [[[3], [4]]]], [0, 1]),
        of([[[[3, 4]]], [[[1, 2]]]], [0, 1]),
        of([[[[1, 2]]], [[[3, 4]]]], [0, 1], "test"),
    ]
    parts = Split(torch.zeros(1, 3, 1, 1, dtype=torch.uint8), parts=torch.zeros(2, 1, 1, 1, dtype=torch.uint8))
    changed += [content_hash({"train": parts}), content_hash({"train": Split(parts.samples)})]
    assert len({base, *changed}) == 9
    assert base == of([[[[1, 2]]], [[[3, 4]]]], [0, 1])
    assert len(base) == 16


def test_the_hash_is_the_one_written_down():
    """SHA-256 is computed by hand as the docstring says, so that no version of this package takes equal data for different ones."""
    import hashlib

    splits = {
        "test": Split(torch.zeros(1, 1, 1, 1, dtype=torch.uint8)),
        "train": Split(torch.full((2, 1, 1, 1), 7, dtype=torch.uint8), torch.tensor([1, 0])),
    }
    text = b"train/samples/|u1/(2, 1, 1, 1);\x07\x07train/labels/<i8/(2,);" + bytes([1] + [0] * 15) + b"test/samples/|u1/(1, 1, 1, 1);\0"
    assert content_hash(splits) == hashlib.sha256(text).hexdigest()[:16]


@pytest.mark.parametrize("damage", ["cut", "no meta", "bad meta", "empty meta", "no samples"])
def test_damaged_preparations_are_made_again(files, cache, capsys, damage):
    folder = files.pictures("mine", 10)
    expected = load_dataset(f"folder:{folder}").content_hash
    (prepared,) = [f for f in cache.iterdir() if f.is_dir()]
    match damage:
        case "cut":
            os.truncate(prepared / "train.npy", 200)
        case "no meta":
            (prepared / "meta.json").unlink()
        case "bad meta":
            (prepared / "meta.json").write_text("{")
        case "empty meta":
            (prepared / "meta.json").write_text("{}")
        case "no samples":
            (prepared / "train.npy").unlink()
    again = load_dataset(f"folder:{folder}")
    assert again.content_hash == expected
    assert len(again.split("train")) == 8
    assert "are damaged; preparing them again" in capsys.readouterr().err


def test_changed_bytes_of_prepared_data_are_found(files, cache, capsys, monkeypatch):
    folder = files.pictures("mine", 10)
    before = load_dataset(f"folder:{folder}", verify=True).split("train").samples.clone()
    (samples,) = cache.glob("*/train.npy")
    data = bytearray(samples.read_bytes())
    data[-1] ^= 1
    samples.write_bytes(data)
    assert torch.equal(load_dataset(f"folder:{folder}").split("train").samples, before)
    assert "are damaged; preparing them again" in capsys.readouterr().err
    # Bytes that a disk loses leave every time as it was: only reading them tells. No test can do so, and the private function is replaced.
    monkeypatch.setattr("landscape.components.datasets._preparing.cache._states", lambda folder: ())
    load_dataset(f"folder:{folder}")
    (samples,) = cache.glob("*/train.npy")
    samples.write_bytes(data)
    load_dataset(f"folder:{folder}")
    with pytest.raises(UserError, match="have changed on disk: delete"):
        load_dataset(f"folder:{folder}", verify=True)


def test_prepared_data_that_were_copied_are_read_once_and_used(files, cache, preparations, monkeypatch):
    folder = files.pictures("mine", 10)
    before = load_dataset(f"folder:{folder}").content_hash
    for array in cache.glob("*/*.npy"):
        copy = array.with_suffix(".copy")
        copy.write_bytes(array.read_bytes())
        copy.replace(array)
    assert load_dataset(f"folder:{folder}").content_hash == before
    assert len(preparations) == 1
    monkeypatch.setattr("landscape.components.datasets._preparing.cache.content_hash", None)
    assert load_dataset(f"folder:{folder}").content_hash == before


def test_a_failure_leaves_nothing_behind(files, cache):
    folder = files.pictures("mine", 10)
    (folder / "08.png").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"08\.png"):
        load_dataset(f"folder:{folder}")
    assert [f for f in cache.iterdir() if f.suffix != ".lock"] == []


def test_what_a_killed_process_left_is_cleared(files, cache):
    folder = files.pictures("mine", 10)
    load_dataset(f"folder:{folder}")
    (prepared,) = [f for f in cache.iterdir() if f.is_dir()]
    leftover = cache / f".{prepared.name}.k1ll3d"
    prepared.rename(leftover)
    load_dataset(f"folder:{folder}")
    assert not leftover.exists()
    assert prepared.exists()


# As above, the private function that reads pictures is wrapped, here in another process.
PREPARE = """
import sys
from landscape.components.datasets._preparing import prepare
from landscape.components.datasets._load import load_dataset
fill = prepare._fill
def counted(*arguments):
    print("prepared", flush=True)
    return fill(*arguments)
prepare._fill = counted
print(load_dataset("folder:" + sys.argv[1], resolution=8, progress=False).content_hash)
"""


@pytest.mark.parametrize("promised", [0, 2, 4])
def test_a_source_that_breaks_its_promise_is_refused(promised):
    """A source must give as many pictures as it counted, or there is an error. No file is longer or shorter than its header says."""
    # `prepared` needs a request, which only `load_dataset` makes publicly, and that takes registered data sets only.
    from landscape.components.datasets._load import _request
    from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared

    images = np.zeros((3, 1, 4, 4), np.uint8)
    for items in (images, images[:0]) if promised else (images,):
        splits = {"train": SplitSource(iter(items), promised)}
        with pytest.raises(UserError, match=f"should hold {promised} pictures, found|holds no pictures"):
            prepared(
                _request(None, None, None, None, False),
                "mine",
                files=[],
                settings={},
                open_source=lambda splits=splits: Pictures(splits, lambda image: (image, ())),
            )


def test_two_processes_prepare_once(files, root):
    folder = files.pictures("mine", 200)
    command = [sys.executable, "-c", PREPARE, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    hashes = {output[-1] for output in outputs}
    assert len(hashes) == 1
    assert sum(output.count("prepared") for output in outputs) == 1


def test_a_full_disk_is_said_before_it_is_full(files, monkeypatch):
    folder = files.pictures("mine", 10)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("landscape.components.datasets._preparing.prepare.shutil.disk_usage", lambda _: usage(100, 99, 1000))
    with pytest.raises(UserError, match=r"needs 0.0 GB in .*datasets, which has 0.0 GB free: free some, set LANDSCAPE_CACHE"):
        load_dataset(f"folder:{folder}")


def test_a_disk_that_fills_up_is_an_error(files, cache, monkeypatch):
    folder = files.pictures("mine", 10)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("landscape.components.datasets._preparing.prepare.os.fsync", full)
    with pytest.raises(UserError, match=r"cannot write the data cache .*No space left on device; free space there or set LANDSCAPE_CACHE"):
        load_dataset(f"folder:{folder}")
    assert not [f for f in cache.iterdir() if f.is_dir()]


def test_a_cache_that_cannot_be_written_is_named(files, tmp_path):
    folder = files.pictures("mine", 10)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match=r"cannot write the data cache .*file/datasets: Not a directory"):
        load_dataset(f"folder:{folder}", cache_dir=tmp_path / "file")


def test_progress_in_a_log(files, monkeypatch, capsys):
    monkeypatch.setattr("landscape.core.progress.SECONDS_BETWEEN_LINES", 0)
    folder = files.pictures("mine", 100)
    load_dataset(f"folder:{folder}")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "landscape: preparing folder: 64 of 100, about 1 s left"
    load_dataset(f"folder:{folder}", resolution=8, progress=False)
    assert capsys.readouterr() == ("", "")


def test_names():
    assert resolve_name("celeba-hq-128") == ("celeba_hq_128", {})
    assert resolve_name("folder:/a:b/c d") == ("folder", {"path": "/a:b/c d"})
    with pytest.raises(UserError, match="unknown data set 'mnits': did you mean 'mnist'"):
        load_dataset("mnits")
    with pytest.raises(UserError, match="resolution=0 is not valid"):
        load_dataset("digits", resolution=0)
    with pytest.raises(UserError, match="channels=2 is not valid"):
        load_dataset("digits", channels=2)
    with pytest.raises(UserError, match="has no 'valid' split: use one of train, validation, test"):
        load_dataset("digits").split("valid")


def test_digits_in_another_form():
    plain, color = load_dataset("digits"), load_dataset("digits", resolution=16, channels=3)
    assert color.shape == (3, 16, 16)
    assert torch.equal(color.split("test").labels, plain.split("test").labels)
    assert torch.equal(color.split("test").samples[:, 0], color.split("test").samples[:, 2])
    assert color.content_hash != plain.content_hash
    assert "bicubic" in color.handling["resize"]
    assert load_dataset("digits", resolution=8, channels=1).content_hash == plain.content_hash


@pytest.fixture
def _own_data_set():
    from landscape.components.datasets._preparing.memory import in_memory

    @DATASETS.register
    def checkers(*, cells: int = 4, resolution: int | None = None):
        """A user's own data set in a few lines. It knows nothing about caches or channels."""
        board = (np.indices((8, 8)).sum(0) % 2 * 255).astype(np.uint8)
        return in_memory("checkers", {"train": (np.repeat(board[None, None], cells, 0), None)})

    yield
    # The registry has no public way to remove one component, which only tests need.
    del DATASETS._components["checkers"]


@pytest.mark.usefixtures("_own_data_set")
def test_a_users_own_data_set_comes_as_asked():
    assert load_dataset("checkers", {"cells": 3}, resolution=16, channels=3).split("train").samples.shape == (3, 3, 16, 16)
    with pytest.raises(UserError, match="unknown hyperparameter of data set 'checkers' 'cell'"):
        load_dataset("checkers", {"cell": 3})


@pytest.mark.parametrize("name", DATASETS.names())
def test_every_data_set_says_what_it_is(name):
    component = DATASETS[name]
    assert component.summary
    assert component.facts.source
    assert component.facts.samples == "points" or component.facts.resolution is not None
    # Defaults are within their own ranges.
    assert component.complete({}).keys() == component.hyperparameters.keys()


def test_data_of_an_earlier_version_are_listed_as_such(files, cache):
    load_dataset(f"folder:{files.pictures('mine', 10)}")
    (meta,) = cache.glob("*/meta.json")
    meta.write_text(meta.read_text().replace('"format":2', '"format":1'))
    load_dataset(f"folder:{files.root / 'mine'}", resolution=8)
    assert sorted(entry["current"] for entry in prepared_datasets()) == [False, True]
