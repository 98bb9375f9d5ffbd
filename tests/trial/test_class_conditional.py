"""A class-conditional trial from training to scores, pictures and samples."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.cli.app import main
from landscape.components.datasets._base import Split
from landscape.components.datasets._load import load_dataset
from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.core.files import read_json
from landscape.evaluation import models
from landscape.evaluation.given import Given
from landscape.results.record import GENERATOR_FILE, Scores
from landscape.trial import checkpoint_file
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.saved_generator import load_trained, untrained_classes
from landscape.trial.scoring_saved import evaluate_exchanged, evaluate_trained, samples_of

CONFIG = {
    "dataset": "digits",
    "task": "class_conditional",
    "architecture": {"mlp": {"width": 64}},
    "loss": "non_saturating",
    "regularizers": [{"r1": {"gamma": 1}}],
    "g_normalization": "none",
    "latent": {"dim": 16},
    "batch_size": 64,
    "ema": {"decay": 0.98},
    "budget": {"amount": 400},
    "d_optimizer": {"learning_rate": 3e-3, "beta1": 0.0, "beta2": 0.99},
    "g_optimizer": {"learning_rate": 3e-3, "beta1": 0.0, "beta2": 0.99},
}
PROTOCOL = protocols.varied(protocols.get("quick-classes"), metrics=["class_accuracy", "intra_frechet"], selection_points=1)
ACCURACY = "class_accuracy[classifier:digits]"


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trial")
    record = prepare_and_run(TrialConfig.parse(CONFIG), PROTOCOL, folder=folder, threads=1)
    assert record.status.value == "completed"
    return folder


def test_the_scores_of_the_trial_know_the_classes(trial):
    scores = [Scores.from_json(read_json(path)) for path in sorted((trial / "scores").glob("*.json"))]
    (report,) = (s for s in scores if s.protocol["name"] == PROTOCOL.name)
    assert not report.failures
    assert report.estimates[ACCURACY].value > 0.6
    again = evaluate_trained(load_dataset("digits"), load_trained(trial), PROTOCOL)
    assert again.estimates[ACCURACY].value == report.estimates[ACCURACY].value


def test_exchanged_conditions_bring_the_scores_to_chance(trial):
    """The control: what the scores measure comes from the condition."""
    found = evaluate_exchanged(load_dataset("digits"), load_trained(trial), PROTOCOL).estimates
    assert set(found) == {f"exchanged conditions {name}" for name in (ACCURACY, "intra_FD[classifier:digits]")}
    blind = found[f"exchanged conditions {ACCURACY}"]
    assert blind.interval[0] < 0.1 < blind.interval[1]
    own = evaluate_trained(load_dataset("digits"), load_trained(trial), PROTOCOL).estimates
    assert found["exchanged conditions intra_FD[classifier:digits]"].value > 3 * own["intra_FD[classifier:digits]"].value


def test_the_command_shows_the_control_beside_each_score_that_reads_the_class(trial, capsys):
    asked = [
        "evaluate",
        "--real",
        "digits",
        "--fake",
        str(trial),
        "--metrics",
        "class_accuracy,frechet",
        "--exchange-conditions",
        "--no-floor",
    ]
    assert main(asked) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].rstrip().endswith("conditions exchanged")
    cells = {line.split()[0]: line.split() for line in lines[2:]}
    accuracy, chance = float(cells[ACCURACY][1]), float(cells[ACCURACY][-3])
    assert accuracy > 0.6
    assert chance == pytest.approx(0.1, abs=0.06)
    assert cells["FD[classifier:digits]"][-1] == "lower"  # Its cell of the control is empty.
    assert main([*asked, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["estimates"][ACCURACY]["value"] == pytest.approx(accuracy, rel=1e-4)
    assert list(data["exchanged_conditions"]["estimates"]) == [f"exchanged conditions {ACCURACY}"]


def test_the_picture_of_samples_has_one_class_a_row(trial):
    picture = np.asarray(Image.open(trial / "samples.png"))
    assert picture.shape[0] / picture.shape[1] == pytest.approx(10 / 8, rel=0.05)


def test_a_model_of_classes_is_scored_on_data_with_its_classes(trial):
    with pytest.raises(UserError, match="makes classes 0 to 9, the real samples have others"):
        load_trained(trial).sampling(64, torch.tensor([10]))


def test_equal_shares_without_labels(trial):
    _, labels = load_trained(trial).sampler(50, 1)
    assert torch.bincount(labels).tolist() == [5] * 10


def test_the_samples_that_are_checked_are_those_that_are_scored(trial, monkeypatch):
    dataset, model, drawn = load_dataset("digits"), load_trained(trial), []
    draw_under = models.draw_under
    monkeypatch.setattr(models, "draw_under", lambda *given: drawn.append(draw_under(*given)) or drawn[-1])
    evaluate_trained(dataset, model, PROTOCOL)
    checked = samples_of(dataset, model, PROTOCOL)
    assert torch.equal(checked.labels, drawn[0].labels)
    assert torch.equal(checked.samples, drawn[0].samples)


def test_other_classes_are_refused_only_where_a_score_reads_them(trial):
    test = load_dataset("digits").split("test")
    real, model = Given(test.samples, labels=test.labels + 10), load_trained(trial)
    blind = protocols.varied(protocols.get("given"), metrics=["frechet"], extractor="pixels")
    assert evaluate_trained(real, model, blind).estimates["FD[pixels]"].value > 0
    reading = protocols.varied(blind, metrics=["intra_frechet"])
    with pytest.raises(UserError, match="makes classes 0 to 9, the real samples have others"):
        evaluate_trained(real, model, reading)


def test_a_class_without_training_samples_is_not_drawn(trial):
    digits = load_dataset("digits")
    train = digits.split("train")
    kept = (train.labels != 3).nonzero().flatten()
    assert untrained_classes(replace(digits, splits={"train": Split(train.samples[kept], train.labels[kept])})) == [3]
    assert untrained_classes(digits) == checkpoint_file.read(trial / GENERATOR_FILE, "generator")[1]["untrained"] == []
    model = replace(load_trained(trial), untrained=(3,))
    assert torch.bincount(model.sampler(45, 1)[1]).tolist() == [5, 5, 5, 0, 5, 5, 5, 5, 5, 5]
