"""Data with two sets of pictures that have no pairs."""

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from landscape.components.datasets._base import Split
from landscape.components.datasets._load import load_dataset
from landscape.components.datasets._preparing.content import content_hash
from landscape.core.errors import UserError


def write(folder, count, level):
    folder.mkdir(parents=True)
    for i in range(count):
        Image.fromarray(np.full((6, 6, 3), level + i, dtype=np.uint8)).save(folder / f"{i:02d}.png")


def levels(split):
    return split.samples[:, 0, 0, 0].tolist()


def test_the_layout_of_cyclegan(tmp_path):
    for name, count, level in (("trainA", 5, 10), ("testA", 2, 20), ("trainB", 4, 110), ("testB", 3, 120)):
        write(tmp_path / "data" / name, count, level)
    given = {"validation": 0.0}
    dataset = load_dataset(f"unpaired:{tmp_path}/data", given, resolution=8, cache_dir=tmp_path / "cache")
    assert {name: levels(split) for name, split in dataset.splits.items()} == {"train": [110, 111, 112, 113], "test": [120, 121, 122]}
    assert {name: levels(split) for name, split in dataset.other.items()} == {"train": [10, 11, 12, 13, 14], "test": [20, 21]}
    assert dataset.shape == dataset.other["train"].samples.shape[1:] == (3, 8, 8)
    again = load_dataset(f"unpaired:{tmp_path}/data", given, resolution=8, cache_dir=tmp_path / "cache", verify=True)
    assert again.content_hash == dataset.content_hash != content_hash(dataset.splits)


def test_two_folders_of_any_name(tmp_path):
    write(tmp_path / "horses", 10, 10)
    write(tmp_path / "zebras" / "train", 4, 110)
    write(tmp_path / "zebras" / "test", 2, 120)
    write(tmp_path / "notes", 2, 200)
    given = {"path": str(tmp_path), "a": "horses", "b": "zebras", "validation": 0.0, "test": 0.2}
    dataset = load_dataset("unpaired", given, resolution=4, channels=1, cache_dir=tmp_path / "cache")
    assert {name: levels(split) for name, split in dataset.splits.items()} == {"train": [110, 111, 112, 113], "test": [120, 121]}
    assert {name: len(split) for name, split in dataset.other.items()} == {"train": 8, "test": 2}
    assert sorted(level for split in dataset.other.values() for level in levels(split)) == list(range(10, 20))
    assert dataset.other["train"].samples.shape[1:] == (1, 4, 4)


def test_a_set_without_pictures(tmp_path):
    write(tmp_path / "trainB", 1, 0)
    with pytest.raises(UserError, match="holds no pictures in 'trainA': add it, or name a and b"):
        load_dataset(f"unpaired:{tmp_path}", resolution=8)
    with pytest.raises(UserError, match="holds no pictures in 'horses': name the folders of both sets"):
        load_dataset("unpaired", {"path": str(tmp_path), "a": "horses", "b": "trainB"}, resolution=8)
    with pytest.raises(UserError, match="give both, or none"):
        load_dataset("unpaired", {"path": str(tmp_path), "a": "trainB"}, resolution=8)
    with pytest.raises(UserError, match="needs a path"):
        load_dataset("unpaired", resolution=8)


def test_the_other_set_is_hashed_only_where_there_is_one():
    one, two = Split(torch.zeros(2, 1, 4, 4, dtype=torch.uint8)), Split(torch.ones(2, 1, 4, 4, dtype=torch.uint8))
    alone = content_hash({"train": one})
    assert content_hash({"train": one}, {}) == alone
    assert len({alone, content_hash({"train": one}, {"train": two}), content_hash({"train": one}, {"train": one})}) == 3


def test_printed_digits_show_their_classes_and_differ_from_handwritten_ones():
    dataset, handwritten = load_dataset("printed-digits"), load_dataset("digits")
    for name, split in dataset.splits.items():
        assert torch.equal(split.samples, handwritten.splits[name].samples)
        assert torch.equal(split.labels, handwritten.splits[name].labels)
    train, test = dataset.other["train"], dataset.other["test"]
    assert train.labels.bincount().tolist() == [120] * 10
    assert test.labels.bincount().tolist() == [30] * 10
    assert set(train.samples.unique().tolist()) <= set(handwritten.splits["train"].samples.unique().tolist())
    rows = {kind: (split.samples.flatten(1).numpy(), split.labels.numpy()) for kind, split in (("train", train), ("test", test))}
    assert KNeighborsClassifier(1).fit(*rows["train"]).score(*rows["test"]) > 0.95
    kinds = np.concatenate([rows["train"][0], handwritten.splits["train"].samples.flatten(1).numpy()])
    is_printed = np.arange(len(kinds)) < len(train)
    tested = np.concatenate([rows["test"][0], handwritten.splits["test"].samples.flatten(1).numpy()])
    assert KNeighborsClassifier(1).fit(kinds, is_printed).score(tested, np.arange(len(tested)) < len(test)) > 0.95
    assert load_dataset("printed-digits").content_hash == dataset.content_hash != handwritten.content_hash
    larger = load_dataset("printed-digits", resolution=16)
    assert larger.other["test"].samples.shape == (300, 1, 16, 16)
    assert larger.other["test"].labels is not None
