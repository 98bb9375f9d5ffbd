"""The example plugins work as they are: each is loaded in a process of its own, and is used in training or scoring."""

import json
import multiprocessing
import re
from pathlib import Path

import pytest
from helpers import use_example

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
FILES = sorted(EXAMPLES.glob("*.py"))
TRIALS = {
    "task": {"task": "noisy_classes"},
    "image_task": {"task": "denoising", "architecture": {"unet": {"width": 4}}, "regularizers": ["pixel"]},
    "loss": {"loss": "tempered"},
    "regularizer": {"regularizers": ["logit_size"]},
    "normalization": {"d_normalization": "root_mean_square"},
    "architecture": {"architecture": "one_hidden", "d_normalization": "spectral"},
    "dataset": {"dataset": "checkers", "architecture": "mlp_2d"},
}


def run(file: Path, folder: Path, config: dict, protocol: dict) -> None:
    """Do it in a new process, which a process forks that has loaded the program and no plugin."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["landscape.trial.run_trial"])
    process = context.Process(target=use_example.use, args=(file, folder, config, protocol))
    process.start()
    process.join()
    assert process.exitcode == 0


@pytest.mark.parametrize("name", TRIALS)
def test_examples_train(name, tmp_path):
    run(EXAMPLES / f"{name}.py", tmp_path, TRIALS[name], {"extractor": "pixels", "metrics": ["frechet"]})


def test_the_extractor_scores(tmp_path):
    run(EXAMPLES / "extractor.py", tmp_path, {}, {"extractor": "thumbnails:side=2", "metrics": ["frechet"]})
    (scores,) = (tmp_path / "scores").glob("*.json")
    assert "FD[thumbnails]" in json.loads(scores.read_text())["estimates"]


def test_the_metric_scores(tmp_path):
    run(EXAMPLES / "metric.py", tmp_path, {}, {"extractor": "pixels", "metrics": ["brightness"]})
    (scores,) = (tmp_path / "scores").glob("*.json")
    low, high = json.loads(scores.read_text())["estimates"]["brightness_difference"]["interval"]
    assert low < high


def test_there_is_one_of_each_kind():
    from landscape.inventory.components import CATALOG

    kinds = {"tasks", "losses", "regularizers", "normalizations", "architectures", "datasets", "extractors", "metrics"}
    assert kinds <= set(CATALOG)
    assert len(FILES) == len(kinds) + 1
    assert {p.stem for p in FILES} == {
        "task",
        "image_task",
        "loss",
        "regularizer",
        "normalization",
        "architecture",
        "dataset",
        "extractor",
        "metric",
    }


def test_the_page_names_every_file():
    page = (EXAMPLES / "README.md").read_text()
    assert set(re.findall(r"\]\((\w+\.py)\)", page)) == {p.name for p in FILES}
