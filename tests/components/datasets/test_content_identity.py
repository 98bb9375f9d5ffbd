"""Data are recognized by their content. Equal names, sizes and times do not make two data sets the same."""

import os
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.components.datasets._load import load_dataset
from landscape.components.datasets._preparing import prepare
from landscape.components.datasets._readers import idx_digits
from landscape.config.protocols import get, varied
from landscape.config.trial_config import TrialConfig
from landscape.core import file_digests
from landscape.core.errors import UserError
from landscape.evaluation import evaluate
from landscape.evaluation.loading import load_samples
from landscape.trial.prepared_trial import prepare as prepare_trial

TIME = 1_600_000_000


@pytest.fixture
def bitmaps(tmp_path):
    """bitmaps(name, low, high) makes a folder of BMPs whose sizes and times equal those of every other such folder."""

    def _bitmaps(name, low, high, count=10):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        random = np.random.default_rng(low)
        for i in range(count):
            Image.fromarray(random.integers(low, high, (8, 8, 3), dtype=np.uint8)).save(folder / f"{i:04}.bmp")
            os.utime(folder / f"{i:04}.bmp", (TIME, TIME))
        return folder

    return _bitmaps


@pytest.fixture
def readings(monkeypatch):
    """The names of the files that were read for a digest. Digests of files are remembered at once."""
    monkeypatch.setattr(file_digests, "SETTLED_SECONDS", -60)
    read = []
    sha256_of = file_digests.sha256_of
    monkeypatch.setattr(file_digests, "sha256_of", lambda file: read.append(file.name) or sha256_of(file))
    return read


def brightest(dataset):
    return int(dataset.split("all").samples.max())


def test_two_folders_with_equal_names_sizes_and_times(bitmaps):
    dark, bright = load_dataset(f"folder:{bitmaps('dark', 0, 80)}"), load_dataset(f"folder:{bitmaps('bright', 180, 256)}")
    assert dark.content_hash != bright.content_hash
    assert brightest(dark) < 80 <= 180 < brightest(bright)


def test_a_folder_whose_pictures_were_replaced_with_their_times_kept(bitmaps, readings):
    mine, other = bitmaps("mine", 0, 80), bitmaps("other", 180, 256)
    before = load_dataset(f"folder:{mine}")
    for file in other.iterdir():
        shutil.copy2(file, mine / file.name)
    assert (mine / "0000.bmp").stat().st_mtime == TIME
    after = load_dataset(f"folder:{mine}", verify=True)
    assert after.content_hash != before.content_hash
    assert brightest(load_dataset(f"folder:{mine}")) == brightest(after) > 180


def test_verify_reads_even_what_nothing_says_was_touched(bitmaps, readings, monkeypatch, capsys):
    """The times are as if a clock had been set back, or as if the file system kept no time of change."""
    mine, other = bitmaps("mine", 0, 80), bitmaps("other", 180, 256)
    # No test can set a file's time of change, so the private function that reads the times is wrapped.
    state = file_digests._state
    monkeypatch.setattr(file_digests, "_state", lambda path, found: (path, 0, 0, *state(path, found)[3:]))
    before = load_dataset(f"folder:{mine}").content_hash
    for file in other.iterdir():
        shutil.copy2(file, mine / file.name)
    assert load_dataset(f"folder:{mine}").content_hash == before
    assert load_dataset(f"folder:{mine}", verify=True).content_hash != before
    assert "the files of folder are not those that were read before, although their times are the same" in capsys.readouterr().err


def test_untouched_files_are_read_once(bitmaps, readings, tmp_path):
    mine = bitmaps("mine", 0, 80)
    load_dataset(f"folder:{mine}")
    assert len(readings) == 10
    load_dataset(f"folder:{mine}", resolution=4)
    link = tmp_path / "link"
    link.symlink_to(mine)
    load_dataset(f"folder:{link}")
    assert len(readings) == 10
    os.utime(mine / "0003.bmp", (TIME, TIME))
    load_dataset(f"folder:{mine}")
    assert len(readings) == 20


def test_a_file_that_has_just_been_written_is_read_again(bitmaps, readings, monkeypatch):
    """Two changes within one tick of the clock leave the same time."""
    monkeypatch.setattr(file_digests, "SETTLED_SECONDS", 2.0)
    mine = bitmaps("mine", 0, 80)
    load_dataset(f"folder:{mine}")
    load_dataset(f"folder:{mine}")
    assert len(readings) == 20


def test_pictures_that_change_while_they_are_read_are_refused(bitmaps, monkeypatch):
    mine = bitmaps("mine", 0, 80)
    # The files must change at this very moment, so the private function that reads the pictures is wrapped.
    fill = prepare._fill

    def slow(*arguments):
        facts = fill(*arguments)
        (mine / "0001.bmp").write_bytes((mine / "0002.bmp").read_bytes())
        return facts

    monkeypatch.setattr(prepare, "_fill", slow)
    with pytest.raises(UserError, match=r"0001\.bmp changed while it was being read: wait until nothing writes to it"):
        load_dataset(f"folder:{mine}")
    monkeypatch.undo()


def test_two_folders_in_mnists_format(files, monkeypatch):
    """KMNIST and EMNIST have the same names and sizes, and times that an archive may have made equal."""
    monkeypatch.setattr(idx_digits, "VALIDATION", 10)
    folders = [files.idx(name) for name in ("one", "two")]
    for folder in folders:
        for file in folder.iterdir():
            os.utime(file, (TIME, TIME))
    one, two = (load_dataset("mnist", data_dir=folder) for folder in folders)
    assert one.content_hash != two.content_hash
    assert torch.equal(two.split("test").samples[:, 0], torch.from_numpy(files.t10k_images))


def test_features_of_one_folder_are_not_taken_for_those_of_another(bitmaps):
    """As in `landscape evaluate`, two sets are given by their paths, and their features come from the cache if it has them."""
    protocol = varied(get("given"), extractor={"name": "pixels"}, metrics=["frechet"])

    def distance():
        real, fake = (load_samples(str(bitmaps(*which)), protocol) for which in (("real", 0, 80), ("fake", 180, 256)))
        levels = [given.samples.double().flatten(1) for given in (real, fake)]
        return evaluate(real, fake, protocol).estimates["FD_mean[pixels]"].value, levels

    first, (real, fake) = distance()
    assert first > 10
    # The distance is in units of levels / 255, per coordinate.
    assert first == pytest.approx(float(((real.mean(0) - fake.mean(0)) ** 2).sum()) / 255**2, rel=1e-3)
    assert distance()[0] == first


def test_a_trial_refuses_data_that_were_replaced_with_their_times_kept(bitmaps):
    mine, other = bitmaps("mine", 0, 80), bitmaps("other", 180, 256)
    asked = TrialConfig.parse(
        {
            "dataset": {"folder": {"path": str(mine)}},
            "resolution": 8,
            "architecture": "mlp",
            "loss": "hinge",
            "budget": {"amount": 10, "unit": "d_steps"},
        }
    )
    begun = prepare_trial(asked).config
    assert prepare_trial(begun).config == begun
    for file in other.iterdir():
        shutil.copy2(file, mine / file.name)
    with pytest.raises(UserError, match=f"the config was made for {begun.data_hash}: restore those data"):
        prepare_trial(begun)
