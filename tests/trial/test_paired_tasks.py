"""Trials of tasks whose condition is an image, from training to scores, yardsticks, pictures and samples."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.components.datasets._load import load_dataset
from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.core.files import read_json
from landscape.evaluation.default_protocol import default_training_protocol
from landscape.evaluation.models import floor
from landscape.evaluation.real_against_real import yardstick
from landscape.evaluation.sampling import BLOCK, RowSampler, draw
from landscape.results.record import Scores
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.saved_generator import load_trained
from landscape.trial.scoring_saved import evaluate_exchanged, evaluate_trained
from landscape.trial.stored_scores import rescored

CONFIG = {
    "dataset": "digits",
    "task": {"inpainting": {"hole": 0.5}},
    "architecture": {"unet": {"width": 8, "depth": 2}},
    "loss": "non_saturating",
    "regularizers": ["r1", {"pixel": {"weight": 100}}],
    "batch_size": 32,
    "budget": {"amount": 150},
    "d_optimizer": {"learning_rate": 1e-3},
    "g_optimizer": {"learning_rate": 3e-3},
}
PROTOCOL = protocols.varied(
    protocols.get("quick-inpainting"), metrics=["l1", {"psnr": {"region": "hole"}}, "class_kept", "diversity", "frechet"]
)


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trial")
    record = prepare_and_run(TrialConfig.parse(CONFIG), PROTOCOL, folder=folder, threads=1)
    assert record.status.value == "completed"
    return folder


@pytest.fixture(scope="module")
def report(trial):
    scores = [Scores.from_json(read_json(path)) for path in sorted((trial / "scores").glob("*.json"))]
    return next(s for s in scores if s.protocol["name"] == PROTOCOL.name)


@pytest.fixture(scope="module")
def yardsticks(trial):
    return floor(load_dataset("digits"), PROTOCOL, task=load_trained(trial).task).estimates


def test_a_small_model_beats_the_baseline_and_not_the_targets(report, yardsticks):
    assert not report.failures
    for name, sign in (("L1", -1), ("PSNR_hole", 1), ("class_kept[classifier:digits]", 1), ("FD[classifier:digits]", -1)):
        baseline, ours, targets = (sign * e.value for e in (yardsticks[f"baseline {name}"], report.estimates[name], yardsticks[name]))
        assert baseline < ours < targets, name
    assert report.estimates["diversity"].value >= 0
    assert "diversity" not in yardsticks
    assert yardsticks["baseline L1"].note.startswith("mean fill")
    sizes = {(e.n_real, e.n_fake) for e in (report.estimates["L1"], yardsticks["L1"], yardsticks["baseline L1"])}
    assert sizes == {(300, 300)}


def test_the_model_scores_the_same_from_its_file(trial, report):
    dataset = load_dataset("digits")
    for again in (evaluate_trained(dataset, load_trained(trial), PROTOCOL), rescored(trial, dataset, PROTOCOL, torch.device("cpu"))):
        assert {n: e.value for n, e in again.estimates.items()} == {n: e.value for n, e in report.estimates.items()}


def test_exchanged_conditions_bring_scores_of_targets_to_chance(trial, report):
    """The control: what the scores measure comes from the condition."""
    found = evaluate_exchanged(load_dataset("digits"), load_trained(trial), PROTOCOL).estimates
    assert set(found) == {f"exchanged conditions {name}" for name in ("L1", "PSNR_hole", "class_kept[classifier:digits]")}
    assert found["exchanged conditions class_kept[classifier:digits]"].value < 0.25
    assert found["exchanged conditions L1"].value > 1.2 * report.estimates["L1"].value
    assert found["exchanged conditions PSNR_hole"].value < report.estimates["PSNR_hole"].value - 1


def test_samples_belong_to_rows_beyond_a_block_and_begin_anew(trial, monkeypatch):
    model = load_trained(trial)
    from landscape.evaluation import sampling
    from landscape.evaluation.paired_yardsticks import pairs_for
    from landscape.evaluation.splits import whole

    monkeypatch.setattr(sampling, "BLOCK", 8)
    assert BLOCK == 10_000
    real = whole(load_dataset("digits"), "test").first(12)
    sampler = model.sampling(64, pairs=pairs_for(model.task, real, 42))
    assert isinstance(sampler, RowSampler)
    made = draw(sampler, 20, 1, "round").samples
    known = real.samples[torch.arange(20) % 12].clone()
    for images in (made, known):
        images[:, :, 2:6, 2:6] = 0
    assert torch.equal(made, known)


def test_the_picture_of_samples_has_a_condition_draws_and_a_target_in_each_row(trial):
    picture = np.asarray(Image.open(trial / "samples.png"))
    assert picture.shape == (8 * 10 - 2, 8 * 10 - 2)
    first = load_dataset("digits").split("validation").samples[0, 0].numpy()
    assert np.array_equal(picture[:8, -8:], first)
    assert (picture[2:6, 2:6] == 128).all()
    assert np.array_equal(picture[:2, :8], first[:2])


def test_the_yardstick_of_an_evaluation_has_the_baseline(trial):
    against = yardstick(load_dataset("digits"), PROTOCOL, task=load_trained(trial).task)
    assert against.scores.estimates["L1"].value == 0
    assert against.scores.estimates["baseline L1"].value > 0.1
    alone = yardstick(load_dataset("digits"), PROTOCOL)
    assert "L1" not in alone.scores.estimates


def test_a_model_is_scored_on_pictures_of_its_size_alone(trial):
    model = load_trained(trial)
    with pytest.raises(UserError, match="makes samples of pictures of 8x8, 2 channels, there are none"):
        model.sampling(64)
    with pytest.raises(UserError, match="these have 16x16, 2 channels"):
        evaluate_trained(load_dataset("digits", resolution=16), model, PROTOCOL)


def test_the_protocol_follows_from_the_task(trial):
    assert default_training_protocol(load_dataset("digits"), load_trained(trial).task) == "quick-inpainting"


def test_without_a_classifier_to_read_them_gray_pictures_are_scored_as_photographs_are(trial):
    gray = replace(load_dataset("digits"), classes=None, classifier="")
    assert default_training_protocol(gray, load_trained(trial).task) == "quick-inpainting-photos"
