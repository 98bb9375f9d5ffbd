"""`landscape train --task class_conditional` and `landscape sample --class`, for real, on a tiny network."""

import json
from pathlib import Path

import numpy as np
import pytest

TRAIN = ("train", "--dataset", "digits", "--architecture", "mlp:width=8", "--loss", "hinge", "--steps", "20", "--protocol", "none")


@pytest.fixture
def trained(run, here):
    assert run(*TRAIN, "--task", "class_conditional", "--out", "trial").code == 0
    return here / "trial"


def test_samples_of_one_class_and_of_all(run, here, trained):
    assert json.loads((trained / "record.json").read_text())["config"]["task"]["name"] == "class_conditional"
    assert run("sample", trained, "--class", "3", "--n", "5", "--out", "threes.npz").code == 0
    assert np.load("threes.npz")["labels"].tolist() == [3] * 5
    assert run("sample", trained, "--class", "all", "--columns", "2", "--out", "all.npz").code == 0
    made = np.load("all.npz")
    assert made["labels"].tolist() == [*range(10), *range(10)]  # The first ten samples alone have equal shares too.
    assert made["images"].shape == (20, 1, 8, 8)
    assert run("sample", trained, "--n", "20", "--out", "folder").code == 0
    assert {path.name: len(list(path.iterdir())) for path in (here / "folder").iterdir()} == {str(c): 2 for c in range(10)}
    assert run("sample", trained, "--out", "grid.png").code == 0
    assert run("sample", trained, "--class", "all").code == 0
    assert Path("samples.png").read_bytes() == Path("grid.png").read_bytes()
    assert "samples.png exists: name the file or folder to write by --out" in run("sample", trained).is_one_line_error()


def test_the_table_of_an_evaluation_has_the_class_blind_baseline(run, here, trained):
    assert run("sample", trained, "--n", "300", "--out", "made.npz").code == 0
    table = run("evaluate", "--real", "digits", "--fake", "made.npz", "--protocol", "quick-classes").out
    line = next(line for line in table.splitlines() if "class-blind" in line)
    blind = float(line.split("intra_FD[classifier:digits] ")[1].split(",")[0])
    assert blind > 10
    assert "class_accuracy[classifier:digits] " in line


def test_a_class_that_does_not_exist(run, trained):
    for wrong in ("10", "-1", "three"):
        line = run("sample", trained, f"--class={wrong}", "--out", "x.png").is_one_line_error()
        assert f"--class {wrong}" in line
        assert "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, and all" in line


def test_a_model_without_classes(run, here):
    assert run(*TRAIN, "--out", "plain").code == 0
    line = run("sample", here / "plain", "--class", "3", "--out", "x.png").is_one_line_error()
    assert "trained without classes: leave --class out" in line


def test_crossings_without_a_meaning_are_one_line(run, here):
    assert "mmd" in run(*TRAIN, "--task", "class_conditional", "--loss", "mmd").is_one_line_error()
    assert "did you mean 'class_conditional'" in run(*TRAIN, "--task", "class_conditonal").is_one_line_error()
