"""Emoji of two vendors, from packages that are made here."""

import json

import numpy as np
import pytest
from PIL import Image

from landscape.components.datasets._load import load_dataset
from landscape.core.errors import UserError


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Both packages unpacked: emoji n has the level n in the red of Google's and in the green of Twitter's, under half of clear pixels."""
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path / "cache"))
    home, names = tmp_path / "node_modules", [f"name{i:02d}" for i in range(20)]
    for channel, vendor in enumerate(("google", "twitter")):
        package = home / f"emoji-datasource-{vendor}"
        (package / "img" / vendor / "64").mkdir(parents=True)
        entries = [
            {
                "name": name.upper(),
                "short_name": name,
                "image": f"{i:04x}.png",
                "has_img_google": i != 3,
                "has_img_twitter": True,
                "skin_variations": {},
            }
            for i, name in enumerate(names)
        ]
        (package / "emoji.json").write_text(json.dumps(entries))
        for i in range(20):
            pixels = np.zeros((64, 64, 4), np.uint8)
            pixels[:, :, channel], pixels[32:, :, 3] = 10 * i, 255
            Image.fromarray(pixels).save(package / "img" / vendor / "64" / f"{i:04x}.png")
    return tmp_path


def test_pairs_of_names(packages):
    data = load_dataset("emoji-pairs", data_dir=packages)
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 15, "validation": 2, "test": 2}
    seen = []
    for split in data.splits.values():
        assert (split.samples[:, :, :32] == 255).all()  # Clear pixels are laid on white.
        levels = split.samples[:, 1, 40, 5]
        assert (split.inputs[:, 0, 40, 5] == levels).all()
        assert (split.samples[:, 0, 40, 5] == 0).all()
        seen += (levels // 10).tolist()
    assert sorted(seen) == [i for i in range(20) if i != 3]
    small = load_dataset("emoji-pairs", data_dir=packages, resolution=32)
    assert small.shape == small.inputs_shape == (3, 32, 32)


def test_a_missing_or_damaged_package_is_named(packages, tmp_path):
    table = packages / "node_modules" / "emoji-datasource-twitter" / "emoji.json"
    table.write_text("{}")
    with pytest.raises(UserError, match="have no emoji in common"):
        load_dataset("emoji-pairs", data_dir=packages)
    table.parent.rename(packages / "elsewhere")
    with pytest.raises(
        UserError, match="holds one of the two packages.*emoji-datasource-google 16.0.0 and emoji-datasource-twitter 16.0.0"
    ):
        load_dataset("emoji-pairs", data_dir=packages)
