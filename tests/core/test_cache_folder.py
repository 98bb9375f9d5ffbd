"""Everything that is kept between runs is in one folder, wherever the user wants it."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.components.datasets._load import load_dataset
from landscape.components.extractors import _weights
from landscape.components.extractors._base import Features
from landscape.core.cache_folder import cache_folder
from landscape.core.errors import UserError
from landscape.core.remote_file import RemoteFile
from landscape.evaluation.feature_cache import cached_features
from landscape.inventory.prepared_data import prepared_datasets
from landscape.results.remote import mirror


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("LANDSCAPE_CACHE", "XDG_CACHE_HOME", "LANDSCAPE_DATA", "DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "home/.cache/landscape"),
        ({"XDG_CACHE_HOME": "{}/xdg"}, "xdg/landscape"),
        ({"XDG_CACHE_HOME": "relative"}, "home/.cache/landscape"),
        ({"XDG_CACHE_HOME": ""}, "home/.cache/landscape"),
        ({"XDG_CACHE_HOME": "{}/xdg", "LANDSCAPE_CACHE": "{}/mine"}, "mine"),
        ({"LANDSCAPE_CACHE": "~/mine"}, "home/mine"),
    ],
)
def test_everything_that_is_kept_lies_in_one_folder(tmp_path, monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    folder = tmp_path / expected
    assert cache_folder() == folder
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i in range(3):
        Image.fromarray(np.full((4, 4), 100 + i, np.uint8)).save(pictures / f"{i}.png")
        os.utime(pictures / f"{i}.png", (1, 1))
    asked = []
    monkeypatch.setattr(_weights, "fetch", lambda files, home, what: asked.append(home))
    _weights.found_or_downloaded(["w.pth"], RemoteFile("w.pth", 1, "sha256:00", ("https://localhost/w.pth",)), "weights")
    load_dataset(f"folder:{pictures}")
    cached_features({"content": "a"}, lambda: Features(torch.zeros(1, 1)))
    mirror("memory://x")
    with pytest.raises(UserError, match=f"not found in {folder / 'data'}"):
        load_dataset("tfd")
    assert asked == [folder / "weights"]
    assert [entry["folder"] for entry in prepared_datasets()] == [str(p) for p in (folder / "datasets").glob("folder-*")]
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and pictures not in path.parents]
    assert all(path.is_relative_to(folder) for path in kept)
    assert {path.relative_to(folder).parts[0] for path in kept} == {"datasets", "features", "mirrors", "digests"}


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    def homeless(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(UserError, match="Could not determine home directory; set LANDSCAPE_CACHE to a folder that can be written"):
        cache_folder()
