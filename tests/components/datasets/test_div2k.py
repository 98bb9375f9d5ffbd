"""DIV2K's layout with a few small pictures of unequal sizes, made here."""

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.cli import main
from landscape.components.datasets._load import load_dataset
from landscape.components.tasks._base import Rows, Task
from landscape.components.tasks.super_resolution import super_resolution
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.trial.prepared_trial import prepare
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.saved_generator import load_trained

SIZES = {1: (26, 20), 2: (18, 24), 3: (16, 16), 10: (17, 9), 801: (16, 8), 802: (8, 20)}
"""The width and the height of each picture. Those from 801 on are DIV2K's validation pictures."""
SQUARES = {1: 6, 2: 6, 3: 4, 10: 2, 801: 2, 802: 2}
"""The squares of 8 x 8 pixels that fit without overlap."""


def levels(number, width, height, step):
    """Return a picture (H, W, 3) of its number modulo 251, and of column and row times `step`."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([np.full((height, width), number % 251), step * columns, step * rows], 2).astype(np.uint8)


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


@pytest.fixture
def tree(tmp_path):
    for number, (width, height) in SIZES.items():
        split = "valid" if number > 800 else "train"
        write(tmp_path / f"DIV2K_{split}_HR" / f"{number:04d}.png", levels(number, width, height, 3))
        write(tmp_path / f"DIV2K_{split}_LR_bicubic" / "X2" / f"{number:04d}x2.png", levels(number, width // 2, height // 2, 6))
    return tmp_path


def load(tree, side=8, **hyperparameters):
    return load_dataset("div2k", hyperparameters, data_dir=tree, resolution=side)


def squares_of(samples, step=3):
    """Return (number, left, top) of each square, having checked that it is cut there to the pixel."""
    found = []
    for sample in samples.numpy():
        side, (number, left, top) = sample.shape[1], sample[:, 0, 0]
        assert np.array_equal(sample, levels(number, 90, 90, step)[top // step :, left // step :][:side, :side].transpose(2, 0, 1))
        found.append((int(number), int(left) // step, int(top) // step))
    return found


def test_squares_without_overlap_of_pictures_of_unequal_sizes(tree):
    data = load(tree, validation=0.0)
    assert set(data.splits) == {"train", "test"}
    wanted = [(n, x, y) for n in (1, 2, 3, 10) for y in range(0, SIZES[n][1] - 7, 8) for x in range(0, SIZES[n][0] - 7, 8)]
    assert squares_of(data.split("train").samples) == wanted
    assert [number for number, *_ in squares_of(data.split("test").samples)] == [801 % 251] * 2 + [802 % 251] * 2
    assert data.split("train").inputs is None
    assert data.handling["crop"] == "squares of a grid of 8x8: all"
    assert load(tree, validation=0.0, side=4).shape == (3, 4, 4)
    with pytest.raises(UserError, match=r"0001.png has 26x20 pixels: squares of 32 cannot be cut: choose another --resolution"):
        load(tree, side=32)


def test_no_picture_has_squares_in_two_splits(tree):
    data = load(tree, validation=0.25)
    held = {name: {number for number, *_ in squares_of(split.samples)} for name, split in data.splits.items()}
    assert {name: len(numbers) for name, numbers in held.items()} == {"train": 3, "validation": 1, "test": 2}
    assert set().union(*held.values()) == {n % 251 for n in SIZES}
    assert data.handling["split"] == "by pictures: 3 train, 1 validation, 2 test"


def test_the_given_small_pictures_show_the_same_squares(tree):
    data = load(tree, validation=0.0, lr="bicubic/X2")
    assert (data.shape, data.inputs_shape) == ((3, 8, 8), (3, 4, 4))
    for split in data.splits.values():
        assert squares_of(split.inputs, step=6) == [(n, x // 2, y // 2) for n, x, y in squares_of(split.samples)]
    assert data.content_hash != load(tree, validation=0.0).content_hash
    gray = load_dataset("div2k", {"lr": "bicubic/X2"}, data_dir=tree, resolution=8, channels=1)
    assert (gray.shape, gray.inputs_shape) == ((1, 8, 8), (1, 4, 4))
    with pytest.raises(UserError, match=r"0001.png has 26x20 pixels, and its small one 1/2 of that: squares of 7 cannot be cut"):
        load(tree, lr="bicubic/X2", side=7)


def test_a_draw_of_squares(tree):
    some, other = (load(tree, validation=0.0, crops=3, crop_seed=seed, lr="bicubic/X2") for seed in (0, 1))
    found = squares_of(some.split("train").samples)
    assert {n: [number for number, *_ in found].count(n) for n in (1, 2, 3, 10)} == {1: 3, 2: 3, 3: 3, 10: 2}
    assert set(found) < set(squares_of(load(tree, validation=0.0).split("train").samples))
    assert squares_of(some.split("train").inputs, step=6) == [(n, x // 2, y // 2) for n, x, y in found]
    assert squares_of(other.split("train").samples) != found


def test_super_resolution_takes_the_given_picture_only_if_it_is_asked_to(tree):
    split = load(tree, validation=0.0, lr="bicubic/X2").split("train")
    rows = Rows(split.samples / 255, inputs=split.inputs / 255)
    assert torch.equal(super_resolution(rows, factor=2, given=True).condition, rows.inputs)
    made = super_resolution(rows, factor=2).condition
    assert torch.equal(made, super_resolution(rows._replace(inputs=None), factor=2).condition)
    assert not torch.equal(made, rows.inputs)
    with pytest.raises(UserError, match=r"the given pictures have 4x4 pixels, 1/4 of 8x8 is 2x2: choose factor=2"):
        super_resolution(rows, factor=4, given=True)
    assert "inputs" in Task("super_resolution", {"factor": 2, "antialias": True, "given": True}).reads
    assert "inputs" not in Task("super_resolution", {"factor": 2, "antialias": True, "given": False}).reads


def test_a_trial_on_the_given_small_pictures(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tree))
    fields = {
        "dataset": "div2k:lr=bicubic/X2,validation=0",
        "resolution": 8,
        "task": "super_resolution:factor=2,given=true",
        "architecture": {"srresnet": {"width": 4, "blocks": 1, "d_width": 2}},
        "loss": "hinge",
        "regularizers": ["pixel"],
        "batch_size": 2,
        "budget": {"amount": 4},
    }
    record = prepare_and_run(TrialConfig.parse(fields), None, folder=tmp_path / "trial", pictures=False, threads=1)
    assert record.status.value == "completed", record.reason
    model = load_trained(tmp_path / "trial")
    assert model.condition.shape == (3, 4, 4)
    with pytest.raises(UserError, match=r"task 'super_resolution' with given=True needs two pictures a row, .*div2k:lr=bicubic/X4"):
        prepare(TrialConfig.parse(fields | {"dataset": "div2k:validation=0"}))


@pytest.mark.parametrize(
    ("files", "hyperparameters", "message"),
    [
        ({"DIV2K_valid_HR": None}, {}, "has no DIV2K_valid_HR.*: fetch DIV2K_train_HR.zip"),
        ({}, {"lr": "bicubic/X4"}, "has no DIV2K_train_LR_bicubic/X4.*: fetch DIV2K_train_HR.zip"),
        ({}, {"train": "Flickr2K_HR"}, "has no Flickr2K_HR"),
        ({}, {"lr": "../X4"}, "names no folder beside the others"),
        ({"DIV2K_train_LR_bicubic/X2/0002x2.png": None}, {"lr": "bicubic/X2"}, r"0002.png has no small picture in .*LR_bicubic/X2"),
        (
            {"DIV2K_train_LR_bicubic/X2/0002x2w1.png": (9, 12)},
            {"lr": "bicubic/X2"},
            r"several pictures of 0002 \(0002x2.png, 0002x2w1.png\)",
        ),
        ({"DIV2K_train_LR_bicubic/X2/0002x2.png": (9, 11)}, {"lr": "bicubic/X2"}, r"0002x2.png has 9x11 pixels, .*0002.png 18x24"),
        (
            {"DIV2K_train_LR_bicubic/X2/0002x2.png": (6, 8)},
            {"lr": "bicubic/X2"},
            r"0002x2.png is 1/3 of its large picture, .*0001x2.png 1/2",
        ),
        ({"DIV2K_train_HR/0002.png": b"no picture"}, {}, "0002.png cannot be read as a picture"),
        ({"DIV2K_valid_HR/0801.png": None, "DIV2K_valid_HR/0802.png": None, "DIV2K_valid_HR/a.txt": b"a"}, {}, "holds no pictures"),
    ],
)
def test_a_tree_that_is_not_whole_is_refused_in_one_line(tree, files, hyperparameters, message):
    for name, content in files.items():
        path = tree / name
        if content is None:
            path.rename(tree / "away") if path.is_dir() else path.unlink()
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            write(path, levels(2, *content, 6))
    with pytest.raises(UserError, match=message) as caught:
        load(tree, **hyperparameters)
    assert "\n" not in str(caught.value)


def test_the_command_line_ends_with_two(tree, capsys):
    (tree / "DIV2K_valid_HR").rename(tree / "valid")
    assert main(["data", "prepare", "div2k", "--data-dir", str(tree)]) == 2
    told = capsys.readouterr().err
    assert "has no DIV2K_valid_HR" in told
    assert len(told.splitlines()) == 1
