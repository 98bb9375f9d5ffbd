"""`landscape train` and `landscape sample`, for real, on a tiny network."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from landscape.cli.output import health_lines
from landscape.core.files import read_json
from landscape.results.record import Status, TrialRecord

TINY = ("--dataset", "digits", "--architecture", "mlp:width=16", "--set", "batch_size=16", "--threads", "1")


ABSENT = """
import importlib.metadata as metadata, sys
names = {"ray", "optuna", "torch_fidelity", "lmdb"}
for name in names: sys.modules[name] = None
real = metadata.distribution
def distribution(name):
    if name.replace("-", "_") in names: raise metadata.PackageNotFoundError(name)
    return real(name)
metadata.distribution = distribution
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory, cache):
    """Folder of a tiny trial, trained once by a process that has neither Ray nor Optuna, torch-fidelity nor lmdb."""
    folder = tmp_path_factory.mktemp("trained") / "trial"
    code = ABSENT + "from landscape.cli import main\nsys.exit(main(sys.argv[1:]))"
    arguments = ("train", *TINY, "--steps", "30", "--loss", "hinge", "--protocol", "quick", "--out", str(folder))
    environment = {"LANDSCAPE_CACHE": str(cache), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": str(folder.parent)}
    run = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 0, run.stderr
    assert f"trial: {folder}" in run.stdout
    assert "completed" in run.stdout
    assert "30 D steps, 30 G steps" in run.stdout
    assert "FD[classifier" in run.stdout
    # 30 steps of a tiny network teach it nothing yet.
    assert "symptom: diversity lost (sample diversity " in run.stdout
    return folder


@pytest.mark.parametrize(
    ("diagnosis", "lines"),
    [
        ({}, []),
        ({"healthy": {"d_accuracy": 0.75, "g_gradient_norm": 1.23456}}, ["healthy (D accuracy 0.75, G gradient norm 1.235)"]),
        (
            {"discriminator_wins": {"d_accuracy": 1.0}, "degraded_after_best": {"score": "FD", "last": 9.0, "last_interval": [8.0, 10.5]}},
            ["symptom: discriminator wins (D accuracy 1)", "symptom: degraded after best (score FD, last 9, last interval [8, 10.5])"],
        ),
    ],
)
def test_what_it_says_of_health(diagnosis, lines):
    assert health_lines(TrialRecord("d", "s", "r", {}, Status.COMPLETED, diagnosis=diagnosis)) == lines


def test_what_it_leaves(trained):
    record = TrialRecord.from_json(read_json(trained / "record.json"))
    assert record.status is Status.COMPLETED
    assert record.counts["d_steps"] == 30
    assert len(list((trained / "scores").glob("quick-*.json"))) == 1
    assert (trained / "generator.safetensors").is_file()
    assert not (trained / "resume.safetensors").exists()


def test_the_same_again_trains_nothing(run, trained):
    before = (trained / "record.json").stat().st_mtime_ns
    outcome = run("train", "--config", trained / "record.json", "--out", trained, "--json")
    assert outcome.code == 0
    assert (trained / "record.json").stat().st_mtime_ns == before
    assert json.loads(outcome.out)["record"]["status"] == "completed"


def test_json_and_nothing_else_on_stdout(run, here):
    outcome = run("train", *TINY, "--steps", "5", "--protocol", "none", "--json", "--set", "d_optimizer.learning_rate=1e-3")
    data = json.loads(outcome.out)
    assert data["record"]["config"]["d_optimizer"]["learning_rate"] == 1e-3
    assert data["scores"] == []
    assert (here / data["folder"] / "record.json").is_file()


def test_a_trial_of_another_config_is_not_overwritten(run, trained):
    line = run("train", *TINY, "--steps", "31", "--protocol", "none", "--out", trained).is_one_line_error()
    assert "choose another folder" in line


def test_options_win_over_the_file(run, trained, here):
    outcome = run(
        "train", "--config", trained / "record.json", "--seed", "7", "--loss", "wasserstein", "--steps", "3", "--protocol", "none", "--json"
    )
    config = json.loads(outcome.out)["record"]["config"]
    assert (config["seed"], config["loss"]["name"], config["budget"]["amount"]) == (7, "wasserstein", 3)
    assert config["architecture"]["hyperparameters"]["width"] == 16


def test_plugin(run, here):
    (here / "mine.py").write_text(
        "from landscape.components.losses._base import LOSSES, LossPair\n\n"
        "@LOSSES.register\ndef mine_in_training(real, fake, *, scale: float = 2.0):\n    '''Mine.'''\n"
        "    return LossPair(d=scale * (fake - real), g=-scale * fake)\n"
    )
    listed = json.loads(run("list", "losses", "--plugin", "mine.py", "--json").out)
    assert next(e for e in listed if e["name"] == "mine_in_training")["plugin"]
    arguments = (
        "train",
        *TINY,
        "--plugin",
        "mine.py",
        "--loss",
        "mine_in_training:scale=0.5",
        "--steps",
        "3",
        "--protocol",
        "none",
        "--json",
    )
    made = json.loads(run(*arguments).out)
    assert made["record"]["config"]["loss"] == {"name": "mine_in_training", "hyperparameters": {"scale": 0.5}}
    assert run("sample", made["folder"], "--plugin", "mine.py", "--n", "4", "--out", "mine.png").code == 0


def test_a_trial_that_is_there_already_needs_no_writing(run, trained, monkeypatch):
    monkeypatch.setattr("landscape.cli.train.require_writable", lambda _: pytest.fail("tried"))
    assert run("train", "--config", trained / "record.json", "--out", trained, "--protocol", "none").code == 0


class TestSample:
    def test_grid(self, run, trained, here):
        assert run("sample", trained, "--n", "6", "--columns", "3", "--out", "grid.png").code == 0
        assert Image.open(here / "grid.png").size == (3 * 8 + 2 * 2, 2 * 8 + 2)

    def test_arrays_repeat_with_the_seed(self, run, trained, here):
        for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
            assert run("sample", trained, "--n", "10", "--out", f"{name}.npz", "--seed", seed).code == 0
        a, b, c = (np.load(here / f"{name}.npz")["images"] for name in "abc")
        assert a.shape == (10, 1, 8, 8)
        assert a.dtype == np.uint8
        assert (a == b).all()
        assert (a != c).any()

    def test_folder(self, run, trained, here):
        assert run("sample", trained, "--n", "3", "--out", "pictures").code == 0
        assert sorted(p.name for p in (here / "pictures").iterdir()) == ["000000.png", "000001.png", "000002.png"]
        line = run("sample", trained, "--n", "3", "--out", "pictures").is_one_line_error()
        assert "not an empty folder" in line

    def test_unknown_ending(self, run, trained):
        assert ".png, .npz" in run("sample", trained, "--out", "x.gif").is_one_line_error()

    def test_is_scored_like_any_set(self, run, trained, here):
        assert run("sample", trained, "--n", "200", "--out", "s.npz").code == 0
        outcome = run("evaluate", "--real", "digits", "--fake", "s.npz", "--features", "pixels", "--json")
        assert outcome.code == 0, outcome.err
        scores = json.loads(outcome.out)
        assert "FD[pixels]" in scores["estimates"]
        assert scores["protocol"]["extractor"]["name"] == "pixels"

    def test_the_protocol_follows_from_the_real_set(self, run, trained, here):
        outcome = run("evaluate", "--real", "digits", "--fake", trained, "--json")
        assert outcome.code == 0, outcome.err
        assert json.loads(outcome.out)["protocol"]["name"] == "quick"
        np.savez(here / "points.npz", samples=np.random.default_rng(0).normal(size=(10_000, 2)))
        outcome = run("evaluate", "--real", "points.npz", "--fake", "points.npz", "--no-floor", "--json")
        assert outcome.code == 0, outcome.err
        assert json.loads(outcome.out)["protocol"]["name"] == "quick-points"

    def test_pictures_of_any_size_are_brought_to_the_trials(self, run, trained, here):
        (here / "real").mkdir()
        for i in range(4):
            Image.new("L", (20 + i, 30), color=60 * i).save(here / "real" / f"{i}.png")
        outcome = run("evaluate", "--real", "real", "--fake", trained, "--features", "pixels", "--metrics", "frechet", "--json")
        assert outcome.code == 0, outcome.err
        assert json.loads(outcome.out)["protocol"]["name"] == "given, changed"

    def test_a_trial_is_drawn_as_its_protocol_says(self, run, trained, monkeypatch):
        """Ten runs, with batch-norm statistics of each batch."""
        from landscape.config.protocols import get, varied
        from landscape.evaluation import models

        modes = []
        original = models.protocol_mode
        monkeypatch.setattr(models, "protocol_mode", lambda g, s, p: modes.append(p.batch_norm) or original(g, s, p))
        changed = varied(get("quick"), name="runs", metrics=["frechet"], batch_norm="batch", averaging_runs=3)
        monkeypatch.setattr("landscape.config.protocols.get", lambda name: changed)
        outcome = run("evaluate", "--real", "digits", "--fake", trained, "--protocol", "quick", "--json")
        assert outcome.code == 0, outcome.err
        assert modes == ["batch"]
        assert json.loads(outcome.out)["estimates"]["FD[classifier:digits]"]["spread"] > 0
