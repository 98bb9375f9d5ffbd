"""`landscape train --task text_to_image` and `landscape sample --text`, for real, on a tiny network."""

import numpy as np
import pytest

TRAIN = ("train", "--loss", "hinge", "--steps", "2", "--protocol", "none", "--set", "batch_size=4")
TEXTS = ("--dataset", "stacked-words-digits:count=60", "--task", "text_to_image", "--architecture", "gan_cls:width=4,text=4,encoded=4")
TEXT = "red seven, green two, blue one"


@pytest.fixture
def trained(run, here):
    assert run(*TRAIN, *TEXTS, "--regularizer", "mismatch", "--out", "trial").code == 0
    return here / "trial"


def test_samples_of_texts_and_texts_that_do_not_fit(run, here, trained):
    assert run("sample", trained, "--text", TEXT, "--text", "red one green one blue one", "--draws", "2", "--out", "two.npz").code == 0
    made = np.load("two.npz")
    assert made["images"].shape == (4, 3, 8, 8)
    assert made["texts"].tolist() == ["red seven green two blue one", "red one green one blue one"]
    assert run("sample", trained, "--text", TEXT, "--draws", "2", "--out", "one.npz").code == 0
    assert np.array_equal(np.load("one.npz")["images"], made["images"][:2])
    assert run("sample", trained, "--from-split", "test", "--n", "3", "--draws", "2", "--out", "rows.npz").code == 0
    assert {name: np.load("rows.npz")[name].shape[0] for name in ("images", "targets", "texts")} == {"images": 6, "targets": 3, "texts": 3}
    assert run("sample", trained, "--text", TEXT, "--draws", "3", "--out", "row.png").code == 0
    for options, reason in (
        (("--text", "red seventeen green two blue one"), "the model does not know the word 'seventeen'"),
        (("--text", "red seven"), "has 2 words, the texts of the data have 6"),
        ((), "give either --text or --from-split"),
        (("--text", TEXT, "--class", "3"), "--class: the model of"),
        (("--input", "x.png"), "--input: the model of"),
    ):
        assert reason in run("sample", trained, *options, "--out", "x.png").is_one_line_error()
    assert not (here / "x.png").exists()


def test_a_model_without_texts_refuses_them(run, here):
    assert run(*TRAIN, "--dataset", "digits", "--architecture", "mlp:width=8", "--out", "plain").code == 0
    line = run("sample", here / "plain", "--text", TEXT, "--out", "x.png").is_one_line_error()
    assert "--text: the model of" in line
    assert "makes no samples of texts" in line
