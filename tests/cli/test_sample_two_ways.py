"""`landscape train --task unpaired` and `landscape sample --direction`, for real, on a tiny network."""

import numpy as np
import pytest
from PIL import Image

TRAIN = ("train", "--loss", "least_squares", "--steps", "2", "--protocol", "none", "--set", "batch_size=4")
BOTH = ("--dataset", "printed-digits:per_class=5", "--task", "unpaired:pool=3", "--architecture", "resnet_translation:width=4,blocks=1")


@pytest.fixture
def trained(run, here):
    assert run(*TRAIN, *BOTH, "--regularizer", "cycle", "--out", "trial").code == 0
    return here / "trial"


def test_pictures_of_both_sets_are_translated(run, here, trained):
    assert run("sample", trained, "--from-split", "test", "--n", "3", "--out", "there.npz").code == 0
    assert run("sample", trained, "--from-split", "test", "--n", "3", "--direction", "b-to-a", "--out", "back.npz").code == 0
    there, back = np.load("there.npz"), np.load("back.npz")
    assert {name: there[name].shape for name in there} == {"images": (3, 1, 8, 8), "conditions": (3, 1, 8, 8)}
    assert not np.array_equal(there["conditions"], back["conditions"])
    Image.fromarray(there["conditions"][0, 0]).save("picture.png")
    assert run("sample", trained, "--input", "picture.png", "--out", "one.npz").code == 0
    assert np.array_equal(np.load("one.npz")["images"], there["images"][:1])
    assert run("sample", trained, "--input", "picture.png", "--direction", "b-to-a", "--out", "other.npz").code == 0
    assert not np.array_equal(np.load("other.npz")["images"], there["images"][:1])
    assert run("sample", trained, "--from-split", "test", "--n", "3", "--out", "rows.png").code == 0
    assert np.asarray(Image.open("rows.png")).shape == (3 * 10 - 2, 2 * 10 - 2)


def test_what_does_not_fit_is_one_line(run, here, trained):
    Image.fromarray(np.zeros((9, 9), dtype=np.uint8)).save("wide.png")
    line = run("sample", trained, "--input", "wide.png", "--out", "x.png").is_one_line_error()
    assert "wide.png has 9x9, 1 channel, the model is given pictures of 8x8, 1 channel" in line
    assert "needs a second set of pictures" in run(*TRAIN, *BOTH, "--dataset", "digits").is_one_line_error()
    assert "choose a loss on logits" in run(*TRAIN, *BOTH, "--loss", "vae").is_one_line_error()
    assert run(*TRAIN[:1], "--dataset", "digits", "--loss", "hinge", "--steps", "1", "--protocol", "none", "--out", "plain").code == 0
    assert (
        "in one direction: leave --direction out" in run("sample", "plain", "--direction", "b-to-a", "--out", "x.png").is_one_line_error()
    )
    assert not (here / "x.png").exists()
