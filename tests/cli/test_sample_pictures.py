"""`landscape train --task inpainting` and `landscape sample --input / --from-split`, for real, on a tiny network."""

import numpy as np
import pytest
import torch
from PIL import Image

TRAIN = ("train", "--dataset", "digits", "--loss", "hinge", "--steps", "4", "--protocol", "none", "--set", "batch_size=4")
PAIRED = ("--task", "super_resolution:factor=2", "--architecture", "srresnet:width=4,blocks=1", "--regularizer", "pixel")


@pytest.fixture
def trained(run, here):
    assert run(*TRAIN, *PAIRED, "--out", "trial").code == 0
    return here / "trial"


def picture(path, shape, mode="L"):
    levels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(levels, mode).save(path)
    return path


def test_samples_of_a_split_and_of_pictures(run, here, trained):
    assert run("sample", trained, "--from-split", "test", "--n", "3", "--draws", "2", "--out", "rows.npz").code == 0
    made = np.load("rows.npz")
    assert {name: made[name].shape for name in made} == {
        "images": (6, 1, 8, 8),
        "conditions": (3, 1, 8, 8),
        "targets": (3, 1, 8, 8),
    }
    assert run("sample", trained, "--from-split", "test", "--n", "3", "--draws", "2", "--out", "rows.png").code == 0
    assert np.asarray(Image.open("rows.png")).shape == (3 * 10 - 2, 4 * 10 - 2)
    (here / "small").mkdir()
    for name in ("a.png", "b.png"):
        picture(here / "small" / name, (4, 4))
    assert run("sample", trained, "--input", "small", "--draws", "2", "--out", "folder").code == 0
    assert sorted(path.name for path in (here / "folder").iterdir()) == [f"00000{i}-{d}.png" for i in (0, 1) for d in (0, 1)]
    assert run("sample", trained, "--input", "small/a.png", "--draws", "2", "--out", "one.npz").code == 0
    one, both = np.load("one.npz"), np.asarray(Image.open("folder/000000-0.png"))
    assert np.array_equal(one["images"][0, 0], both)
    assert "targets" not in one


def test_pictures_and_options_that_do_not_fit(run, here, trained):
    wide, color = picture(here / "wide.png", (8, 8)), picture(here / "color.png", (4, 4, 3), "RGB")
    for wrong, found in ((wide, "8x8, 1 channel"), (color, "4x4, 3 channels")):
        line = run("sample", trained, "--input", wrong, "--out", "x.png").is_one_line_error()
        assert f"{found}, the model is given pictures of 4x4, 1 channel" in line
    (here / "empty").mkdir()
    (here / "empty" / "note.txt").write_text("no picture")
    assert "holds no pictures" in run("sample", trained, "--input", "empty", "--out", "x.png").is_one_line_error()
    (here / "bare").mkdir()
    assert "--input bare holds no pictures" in run("sample", trained, "--input", "bare", "--out", "x.png").is_one_line_error()
    assert "cannot be read as a picture" in run("sample", trained, "--input", "empty/note.txt", "--out", "x.png").is_one_line_error()
    assert "give either --input or --from-split" in run("sample", trained, "--out", "x.png").is_one_line_error()
    both = run("sample", trained, "--input", wide, "--from-split", "test", "--out", "x.png").is_one_line_error()
    assert "give either --input or --from-split" in both
    classes = run("sample", trained, "--from-split", "test", "--class", "3", "--out", "x.png").is_one_line_error()
    assert "--class: the model of" in classes
    assert not (here / "x.png").exists()


def test_a_picture_is_read_without_a_warning(run, here, trained, recwarn):
    small = picture(here / "small.png", (4, 4))
    torch.set_warn_always(True)
    try:
        assert run("sample", trained, "--input", small, "--out", "x.png").code == 0
    finally:
        torch.set_warn_always(False)
    assert not [str(warning.message) for warning in recwarn if "not writable" in str(warning.message)]


def test_a_transparent_picture_is_laid_on_white_and_this_is_said(run, here, trained):
    levels = np.zeros((4, 4, 2), np.uint8)  # black, and transparent but for one row
    levels[0, :, 1] = 255
    Image.fromarray(levels, "LA").save(here / "clear.png")
    found = run("sample", trained, "--input", "clear.png", "--draws", "1", "--out", "one.npz")
    assert found.code == 0
    assert "note: clear.png: LA laid on white" in found.err
    shown = np.load("one.npz")["conditions"][0, 0]
    assert (shown[0].max(), shown[-1].min()) == (0, 255)


def test_a_model_without_pictures_refuses_them(run, here):
    assert run(*TRAIN, "--architecture", "mlp:width=8", "--out", "plain").code == 0
    for option in (("--from-split", "test"), ("--draws", "2"), ("--input", "x.png")):
        line = run("sample", here / "plain", *option, "--out", "x.png").is_one_line_error()
        assert f"{option[0]}: the model of" in line
        assert "makes no samples of pictures" in line


def test_tasks_are_listed_and_crossings_without_a_meaning_are_one_line(run):
    listed = run("list", "tasks").out
    for name in ("inpainting", "super_resolution"):
        assert name in listed
    assert "factor=3 does not divide" in run(*TRAIN, *PAIRED, "--task", "super_resolution:factor=3").is_one_line_error()
    assert "has no place for the image" in run(*TRAIN, "--task", "inpainting", "--architecture", "mlp").is_one_line_error()
