"""The benchmark of early scores: they are those of rungs and the final ones those of a trial, and a file of trials is continued."""

import itertools
import math
import sys

import pytest
from scipy.stats import spearmanr

from benchmarks import early_scores
from landscape.config.protocol import Protocol
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.core.files import read_json
from landscape.space.study_files import load_space
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.rungs import Rungs, rung_protocol

PROTOCOL = {"name": "toy", "extractor": "pixels", "metrics": ["frechet", "precision_recall"], "objective": "FD[pixels]", "n_fake": 60}
TINY = {"dataset": "digits", "architecture": {"mlp": {"width": 8}}, "loss": "hinge", "batch_size": 4, "budget": {"amount": 8}}
TINY |= {"ema": {"decay": 0.5}}
STUDY = """
name: tiny
dataset: digits
protocol: {name: toy, extractor: pixels, metrics: [frechet, precision_recall], objective: "FD[pixels]", n_fake: 60}
base: {batch_size: 4, budget: {amount: 8}, ema: {decay: 0.5}, architecture: {mlp: {width: 8}}}
axes: {loss: [hinge, wasserstein]}
search: {g_optimizer.learning_rate: {min: 1e-4, max: 1e-2, scaling: log}}
searcher: {name: optuna-tpe, scope: across, startup: 2}
trials: 2
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "tiny.yaml").write_text(STUDY)
    return tmp_path / "tiny.yaml"


def benchmark(monkeypatch, capsys, study, *arguments):
    given = ["early_scores", str(study), "--trials", "3", "--shares", "0.5", "--into", str(study.parent / "found.csv"), *arguments]
    monkeypatch.setattr(sys, "argv", given)
    early_scores.main()
    return capsys.readouterr()


def test_scores_are_those_of_a_trial_with_rungs(tmp_path):
    protocol = Protocol.parse(PROTOCOL)
    config = TrialConfig.parse(TINY)
    found = early_scores.measured(config, protocol, [0.5, 1.0], 40, None)
    for metric in ("", "recall[pixels]"):
        rungs = Rungs((0.5,), rung_protocol(protocol, metric, 40), lambda here: here)
        record = prepare_and_run(config, protocol, folder=tmp_path / f"of {metric}", pictures=False, threads=1, rungs=rungs)
        assert float(found["0.5", record.rungs[0].score]) == record.rungs[0].value
    (path,) = (tmp_path / "of " / "scores").glob(f"toy-{protocol.digest()}.json")
    final = {name: estimate["value"] for name, estimate in read_json(path)["estimates"].items()}
    assert {name: float(found["final", name]) for name in final} == final
    # The end is scored on the selection samples too, with fewer generated ones.
    assert found["1", "FD[pixels]"] != found["final", "FD[pixels]"]
    assert found["final", "status"] == "completed"
    assert float(found["1", "seconds of frechet"]) > 0


def test_settings_are_spread_evenly_over_cells(study):
    space = load_space(study)
    tasks = early_scores.drawn(space, 5, None)
    assert sorted(len({task.cell.id for task in pair}) for pair in (tasks[:2], tasks[2:4], tasks[4:])) == [1, 2, 2]
    for kind in ({t.config.seed for t in tasks}, {t.digest for t in tasks}, {t.config.g_optimizer.learning_rate for t in tasks}):
        assert len(kind) == 5
    # A longer run begins with the trials of a shorter one.
    assert [task.digest for task in early_scores.drawn(space, 2, None)] == [task.digest for task in tasks[:2]]


def test_a_file_is_continued(monkeypatch, capsys, study):
    file = study.parent / "found.csv"
    first = benchmark(monkeypatch, capsys, study)
    assert first.out.startswith("tiny: 3 random trials, 0 diverged and left out; measured by toy ")
    assert [line.split(":")[0] for line in first.err.splitlines()] == ["1 of 3", "2 of 3", "3 of 3"]
    assert "| FD[pixels] | 3 models: an interval needs 10 | 3 models: an interval needs 10 |" in first.out
    rows = file.read_text().splitlines()
    # The last trial is cut off before its end, so that it alone is trained again.
    file.write_text("\n".join(rows[:-1]) + "\n")
    again = benchmark(monkeypatch, capsys, study)
    assert [line.split(":")[0] for line in again.err.splitlines()] == ["3 of 3"]
    assert again.out.split("What a scoring costs")[0] == first.out.split("What a scoring costs")[0]
    with pytest.raises(UserError, match=r"found\.csv: a trial there was measured by toy .*all samples.*: choose another file"):
        benchmark(monkeypatch, capsys, study, "--samples", "40")


def test_diverged_trials_are_left_out(monkeypatch, capsys, study):
    calls = itertools.count()

    def some_diverge(config, **_):
        if (call := next(calls)) == 1:
            return {("0.5", "FD[pixels]"): "9.0", ("final", "status"): "diverged"}
        points = {(share, "FD[pixels]"): str(1 + call) for share in ("0.5", "1", "final")}
        seconds = {(share, f"seconds of {metric}"): "0.5" for share in ("0.5", "1") for metric in ("frechet", "precision_recall")}
        return points | seconds | {("final", "seconds of training"): "10", ("final", "status"): "completed"}

    monkeypatch.setattr(early_scores, "measured", some_diverge)
    said = benchmark(monkeypatch, capsys, study).out
    assert "3 random trials, 1 diverged and left out" in said
    assert "| FD[pixels] | 2 models: an interval needs 10 |" in said
    assert "| frechet | FD[pixels] | 0.5 (0.5 to 0.5) | 5% |" in said


def test_correlations_are_those_of_scipy():
    early, own, objective = ([math.sin(k * i) for i in range(12)] for k in (1, 2, 3))
    trials = [
        {("0.5", "recall"): str(e), ("final", "recall"): str(o), ("final", "FD"): str(f)}
        for e, o, f in zip(early, own, objective, strict=True)
    ]
    # A score that a trial lacks leaves that trial out.
    trials.append({("final", "recall"): "9", ("final", "FD"): "9"})
    for final, other in ((None, own), ("FD", objective)):
        ((name, cell),) = early_scores.correlations(trials, ["recall"], ["0.5"], final)
        assert name == "recall"
        assert cell.split(" [")[0] == f"{spearmanr(early, other).statistic:.2f}"
