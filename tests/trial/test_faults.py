"""A disk that is full or cannot be written, data that are gone, a clock that jumps: one line each, and nothing valid is destroyed."""

import json
import os
import subprocess
import time

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.results import studies
from landscape.results.record import Status
from landscape.trial import checkpoint_file
from landscape.trial.run_trial import prepare_and_run

TINY = {"dataset": "digits", "architecture": {"mlp": {"width": 16}}, "loss": "minimax", "batch_size": 8, "budget": {"amount": 12}}


@pytest.fixture
def disk(tmp_path):
    """A file system of 512 KiB, and a function that mounts it anew with other options."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> None:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")

    mount("size=512k")
    yield folder, mount
    subprocess.run(["umount", "-l", str(folder)], check=False)


def trial(folder, **options):
    return prepare_and_run(TrialConfig.parse(TINY), None, folder=folder, pictures=False, threads=1, checkpoint_seconds=0.0, **options)


def refusal(folder, **options) -> str:
    with pytest.raises(UserError) as error:
        trial(folder, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def fill(folder) -> None:
    with (folder / "ballast").open("wb") as file:
        try:
            while True:
                os.write(file.fileno(), b"x" * 4096)
        except OSError:
            pass


def test_a_full_disk(disk, tmp_path):
    folder, _ = disk
    looks = iter([False, True])
    assert trial(folder / "t", should_stop=lambda: next(looks)).status is Status.STOPPED
    whole = checkpoint_file.read(folder / "t" / "resume.safetensors", "resume")
    fill(folder)
    assert "No space left on device; free space there" in refusal(folder / "t")
    # What was there is there still, and half of nothing.
    again = checkpoint_file.read(folder / "t" / "resume.safetensors", "resume")
    assert again[1] == whole[1]
    assert whole[0]
    assert whole[0].keys() == again[0].keys()
    assert all(torch.equal(whole[0][name], again[0][name]) for name in whole[0])
    assert not list((folder / "t").glob(".*tmp"))
    (folder / "ballast").unlink()
    ended = trial(folder / "t")
    assert ended.status is Status.COMPLETED
    assert ended.curves == trial(tmp_path / "elsewhere").curves


def test_a_read_only_disk(disk):
    folder, mount = disk
    assert trial(folder / "t").status is Status.COMPLETED
    mount("remount,ro,size=512k")
    assert trial(folder / "t").status is Status.COMPLETED
    assert "Read-only file system" in refusal(folder / "other")


def test_data_that_are_gone_and_come_back_changed(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    random = np.random.RandomState(0)
    for i in range(40):
        Image.fromarray(random.randint(0, 256, (8, 8), dtype=np.uint8)).save(pictures / f"{i}.png")
    config = TrialConfig.parse(TINY | {"dataset": {"name": "folder", "hyperparameters": {"path": str(pictures)}}, "resolution": 8})
    looks = iter([False, True])
    options = {"folder": tmp_path / "t", "pictures": False, "threads": 1}
    stopped = prepare_and_run(config, None, should_stop=lambda: next(looks), **options)
    pinned = TrialConfig.parse(stopped.config)
    pictures.rename(tmp_path / "away")
    with pytest.raises(UserError, match="pictures"):
        prepare_and_run(pinned, None, **options)
    (tmp_path / "away").rename(pictures)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(pictures / "0.png")
    with pytest.raises(UserError, match="restore those data, or clear data_hash"):
        prepare_and_run(pinned, None, **options)
    assert checkpoint_file.read(tmp_path / "t" / "resume.safetensors", "resume")


def test_a_clock_that_jumps(tmp_path, monkeypatch):
    """Only what a reader sees as dates follows the wall clock; pace, budgets and the order of checkpoints do not."""
    looks = iter([False, True])
    trial(tmp_path / "study" / "trials" / "t", should_stop=lambda: next(looks))
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() - 86_400 * 365)
    ended = trial(tmp_path / "study" / "trials" / "t")
    assert ended.status is Status.COMPLETED
    assert 0 < ended.seconds["training"] < 600
    (tmp_path / "study" / "trials" / "t").rename(tmp_path / "study" / "trials" / ended.digest)
    record = tmp_path / "study" / "trials" / ended.digest / "record.json"
    assert len(studies.read_study(tmp_path / "study").trials) == 1
    # A file that seems older than the index is read all the same.
    os.utime(record, (0, 0))
    record.write_text(json.dumps(json.loads(record.read_text()) | {"reason": "changed"}))
    os.utime(record, (1, 1))
    assert studies.read_study(tmp_path / "study").trials[0].record.reason == "changed"
