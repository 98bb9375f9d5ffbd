"""Data with two pictures a row: side by side in one file, or in two folders."""

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.components.datasets._load import load_dataset
from landscape.core.errors import UserError


def write(path, levels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(levels).save(path)


@pytest.fixture
def halves():
    """Twelve inputs and targets, 8x8, in color."""
    draw = np.random.default_rng(0).integers
    return [tuple(draw(0, 256, (8, 8, 3), dtype=np.uint8) for _ in range(2)) for _ in range(12)]


def as_tensor(levels):
    return torch.from_numpy(levels.transpose(2, 0, 1).copy())


def test_side_by_side(tmp_path, halves):
    for i, (one, two) in enumerate(halves):
        write(tmp_path / "data" / f"{i:02d}.png", np.concatenate([one, two], 1))
    for side, swapped in (("left", False), ("right", True)):
        dataset = load_dataset(
            f"pairs:{tmp_path}/data", {"validation": 0.0, "test": 0.25, "input_side": side}, resolution=8, cache_dir=tmp_path / "cache"
        )
        assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 9, "test": 3}
        assert dataset.inputs_shape == (3, 8, 8)
        everything = dataset.split("all")
        wanted = [(as_tensor(two), as_tensor(one)) if swapped else (as_tensor(one), as_tensor(two)) for one, two in halves]
        found = list(zip(everything.inputs, everything.samples, strict=True))
        for one, two in wanted:
            assert any(torch.equal(one, a) and torch.equal(two, b) for a, b in found)


def test_two_folders_of_one_name_each_with_splits_inside(tmp_path, halves):
    for i, (one, two) in enumerate(halves):
        split = "train" if i < 9 else "test"
        write(tmp_path / "data" / "A" / split / f"{i:02d}.png", one)
        write(tmp_path / "data" / "B" / split / f"{i:02d}.bmp", two)
    given = {"path": f"{tmp_path}/data", "inputs": "A", "targets": "B", "validation": 0.0}
    dataset = load_dataset("pairs", given, resolution=8, cache_dir=tmp_path / "cache")
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 9, "test": 3}
    for split, rows in (("train", halves[:9]), ("test", halves[9:])):
        held = dataset.split(split)
        for i, (one, two) in enumerate(rows):
            assert torch.equal(held.inputs[i], as_tensor(one))
            assert torch.equal(held.samples[i], as_tensor(two))
    again = load_dataset("pairs", given, resolution=8, cache_dir=tmp_path / "cache")
    assert again.content_hash == dataset.content_hash
    other = load_dataset("pairs", given | {"inputs": "B", "targets": "A"}, resolution=8, cache_dir=tmp_path / "cache")
    assert other.content_hash != dataset.content_hash
    gray = load_dataset("pairs", given, resolution=4, channels=1, cache_dir=tmp_path / "cache")
    assert gray.shape == gray.inputs_shape == (1, 4, 4)


def test_inputs_and_targets_of_two_sizes_need_a_resolution(tmp_path, halves):
    for i, (one, two) in enumerate(halves[:4]):
        write(tmp_path / "A" / f"{i}.png", one[::2, ::2])
        write(tmp_path / "B" / f"{i}.png", two)
    with pytest.raises(UserError, match=r"pictures of mixed sizes .* is 4x4, .* is 8x8"):
        load_dataset("pairs", {"path": str(tmp_path), "inputs": "A", "targets": "B", "validation": 0.25, "test": 0.25})


def test_pairs_that_do_not_match(tmp_path, halves):
    one, two = halves[0]
    write(tmp_path / "A" / "1.png", one)
    write(tmp_path / "A" / "2.png", one)
    write(tmp_path / "B" / "1.png", two)
    given = {"path": str(tmp_path), "inputs": "A", "targets": "B"}
    with pytest.raises(UserError, match=r"A/2.png has no picture of its name in 'B'"):
        load_dataset("pairs", given, resolution=8)
    with pytest.raises(UserError, match="holds no pictures in 'C'"):
        load_dataset("pairs", given | {"targets": "C"}, resolution=8)
    with pytest.raises(UserError, match="give both, or none"):
        load_dataset("pairs", {"path": str(tmp_path), "inputs": "A"}, resolution=8)
    with pytest.raises(UserError, match="has 8x8 pixels, not two squares side by side"):
        load_dataset(f"pairs:{tmp_path}", {"splits": "none"}, resolution=8, cache_dir=tmp_path / "cache")
    with pytest.raises(UserError, match="data set 'pairs' needs a path"):
        load_dataset("pairs", {}, resolution=8)


def test_an_input_of_another_shape_than_its_target_is_named(tmp_path, halves):
    """Their central squares would show different parts. An input of the same shape may be smaller."""
    given = {"path": str(tmp_path), "inputs": "A", "targets": "B", "validation": 0.25, "test": 0.25}
    for i, (one, two) in enumerate(halves[:4]):
        write(tmp_path / "A" / f"{i}.png", one[::2, ::2])
        write(tmp_path / "B" / f"{i}.png", two)
    assert load_dataset("pairs", given, resolution=8, cache_dir=tmp_path / "cache").inputs_shape[1:] == (8, 8)
    one = halves[1][0]
    write(tmp_path / "A" / "1.png", one[:, :4])
    with pytest.raises(UserError, match=r"A/1.png has 4x8 pixels, and its target .*B/1.png has 8x8: give both the same ratio"):
        load_dataset("pairs", given, resolution=8, cache_dir=tmp_path / "cache2")
