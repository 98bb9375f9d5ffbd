"""Scores that look at the networks of a trial beside its samples."""

import pytest
import torch

from landscape.components.datasets._load import load_dataset
from landscape.components.tasks._base import Task
from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.core.files import read_json
from landscape.evaluation.default_protocol import default_training_protocol
from landscape.results.record import Scores
from landscape.trial import run_trial as trial_module
from landscape.trial.model_scores import ModelScores
from landscape.trial.run_trial import prepare_and_run

FIELDS = {"dataset": "digits", "architecture": {"mlp": {"width": 16}}, "loss": "hinge", "batch_size": 16, "budget": {"amount": 20}}
FEW = [{"latent_regression": {"steps": 30, "width": 16, "held_out": 50}}, {"feature_probe": {"draws": 2}}]
PROTOCOL = protocols.varied(protocols.get("quick-inference"), metrics=FEW, objective="")


def scored(folder, protocol=PROTOCOL, **fields):
    record = prepare_and_run(TrialConfig.parse(FIELDS | fields), protocol, folder=folder, threads=1, pictures=False)
    assert record.status.value == "completed"
    return Scores.from_json(read_json(next((folder / "scores").glob("*.json"))))


def test_a_trial_is_scored_by_its_networks_and_by_the_untrained_discriminator(tmp_path, monkeypatch):
    begun, compared = [], []
    build, untrained = trial_module._Run._build, ModelScores._untrained_discriminator

    def built(run):
        build(run)
        begun.append([p.detach().clone() for p in run.gan.discriminator.parameters()])

    def kept(scores):
        compared.append(untrained(scores))
        return compared[-1]

    monkeypatch.setattr(trial_module._Run, "_build", built)
    monkeypatch.setattr(ModelScores, "_untrained_discriminator", kept)
    scores = scored(tmp_path, d_normalization="spectral")
    assert not scores.failures
    assert {"latent_R2", "reconstruction_ratio", "D_probe_accuracy", "D_probe_untrained", "D_probe_pixels"} <= scores.estimates.keys()
    for mine, theirs in zip(begun[0], compared[0].parameters(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"regularizers": ["packing"]}, "needs the discriminator"),
        ({"loss": "mmd"}, "needs the discriminator"),
        ({"task": "inference"}, "needs the discriminator"),
        ({"task": "class_conditional"}, "a condition for each sample"),
    ],
)
def test_a_discriminator_of_other_inputs_has_no_probe_and_the_reason_is_said(tmp_path, fields, reason):
    failures = scored(tmp_path, **fields).failures
    assert reason in next(why for name, why in failures.items() if name.startswith("feature_probe"))


def test_a_model_of_the_inference_task_is_scored_by_its_encoder_if_no_protocol_is_named():
    assert default_training_protocol(load_dataset("digits"), Task("inference")) == "quick-joint"


def test_a_model_of_the_inference_task_is_scored_by_its_own_encoder(tmp_path):
    metrics = [{"encoder_inference": {"held_out": 50}}, FEW[0]]
    scores = scored(
        tmp_path, protocols.varied(protocols.get("quick-joint"), metrics=metrics, objective=""), task="inference", ema={"decay": 0.9}
    )
    assert not scores.failures
    assert {"encoder_error", "encoder_mean_image", "encoder_ratio", "encoder_R2", "encoder_1NN", "pixels_1NN"} <= scores.estimates.keys()
    assert scores.estimates["encoder_mean_image"].value == scores.estimates["reconstruction_mean_image"].value
    record = read_json(tmp_path / "record.json")
    assert record["parameters"]["encoder"] > 0
