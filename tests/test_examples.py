"""The example plugins work as they are: each is loaded in a process of its own, and is used in training or scoring."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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
PROGRAM = """
import json, sys
import landscape
from landscape.core.registry import load_plugin
from landscape.config.protocol import Protocol
load_plugin(sys.argv[1])
protocol = Protocol.parse({"name": "p", "n_real": 64, "n_fake": 64} | json.loads(sys.argv[3]))
record = landscape.train({"architecture": "mlp", "dataset": "digits", "loss": "hinge", "budget": {"amount": 3}} | json.loads(sys.argv[2]), protocol, folder=sys.argv[4])
print(record.status)
"""


def run(file: Path, folder: Path, config: dict, protocol: dict) -> str:
    command = [
        sys.executable,
        "-W",
        "error::FutureWarning",
        "-c",
        PROGRAM,
        str(file),
        json.dumps(config),
        json.dumps(protocol),
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", TRIALS)
def test_examples_train(name, tmp_path):
    assert run(EXAMPLES / f"{name}.py", tmp_path, TRIALS[name], {"extractor": "pixels", "metrics": ["frechet"]}) == "completed"


def test_the_extractor_scores(tmp_path):
    assert run(EXAMPLES / "extractor.py", tmp_path, {}, {"extractor": "thumbnails:side=2", "metrics": ["frechet"]}) == "completed"
    (scores,) = (tmp_path / "scores").glob("*.json")
    assert "FD[thumbnails]" in json.loads(scores.read_text())["estimates"]


def test_the_metric_scores(tmp_path):
    assert run(EXAMPLES / "metric.py", tmp_path, {}, {"extractor": "pixels", "metrics": ["brightness"]}) == "completed"
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
