"""A trial of the task `unpaired`, from training to scores, yardsticks, pictures and samples."""

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.components.datasets._load import load_dataset
from landscape.components.extractors._base import EXTRACTORS
from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.core.files import read_json
from landscape.evaluation.default_protocol import default_training_protocol
from landscape.evaluation.given import Given
from landscape.evaluation.models import floor
from landscape.evaluation.splits import whole
from landscape.results.record import Scores
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.saved_generator import load_trained
from landscape.trial.scoring_saved import evaluate_trained

CONFIG = {
    "dataset": "printed_digits:per_class=5",
    "task": "unpaired",
    "architecture": {"resnet_translation": {"width": 4, "blocks": 1}},
    "loss": "least_squares",
    "regularizers": ["cycle", "identity"],
    "batch_size": 4,
    "budget": {"amount": 12},
    "ema": {"decay": 0.5},
}
PROTOCOL = protocols.get("quick-unpaired")
SCORES = ("FD", "FD_back", "content_kept", "content_kept_permuted", "content_kept_back", "content_kept_back_permuted")
NAMES = {f"{name}[classifier:digits]" for name in SCORES} | {
    f"{name}{way}" for name in ("cycle_L1", "identity_L1") for way in ("", "_back")
}


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trial")
    record = prepare_and_run(TrialConfig.parse(CONFIG), PROTOCOL, folder=folder, threads=1)
    assert record.status.value == "completed"
    return folder


@pytest.fixture(scope="module")
def data():
    return load_dataset("printed_digits:per_class=5")


def levels(pictures):
    return (pictures * 255).round().to(torch.uint8)


def test_scores_are_of_both_directions(trial, data):
    scores = [Scores.from_json(read_json(path)) for path in sorted((trial / "scores").glob("*.json"))]
    report = next(s for s in scores if s.protocol["name"] == PROTOCOL.name)
    assert not report.failures
    assert set(report.estimates) >= NAMES
    model, a, b = load_trained(trial), data.other["test"], data.split("test")
    there, back = (
        lambda x, network=network: levels(network(torch.zeros(len(x), 8), x.float() / 255))
        for network in (model.generator, model.generator.back)
    )
    with torch.no_grad():
        made, made_back = there(a.samples), back(b.samples)
        cycle = (back(made).float() - a.samples.float()).abs().mean() / 255
        identity_back = (back(a.samples).float() - a.samples.float()).abs().mean() / 255
        classifier = EXTRACTORS["classifier"].call(hyperparameters={"trained_on": "digits"})
        kept, kept_back = (
            float((classifier(x.float()).logits.argmax(1) == split.labels).float().mean()) for x, split in ((made, a), (made_back, b))
        )
    expected = {"cycle_L1": cycle, "identity_L1_back": identity_back}
    expected |= {"content_kept[classifier:digits]": kept, "content_kept_back[classifier:digits]": kept_back}
    for name, value in expected.items():
        assert report.estimates[name].value == pytest.approx(float(value), abs=1e-6), name
    again = evaluate_trained(data, model, PROTOCOL)
    # The trial's own network lies in memory channels last, which rounds a few pixels to another level than that of the file.
    values = {name: e.value for name, e in report.estimates.items()}
    assert {name: e.value for name, e in again.estimates.items()} == pytest.approx(values, abs=1e-4)


def test_copies_and_real_pictures_are_the_yardsticks(trial, data):
    found = floor(data, PROTOCOL, task=load_trained(trial).task).estimates
    for name in NAMES:
        assert f"baseline {name}" in found
    assert found["baseline cycle_L1"].value == found["baseline identity_L1"].value == 0
    assert found["baseline FD[classifier:digits]"].value == pytest.approx(found["baseline FD_back[classifier:digits]"].value)
    kept = "content_kept[classifier:digits]"
    assert 0.7 < found[f"baseline {kept}"].value < found[kept].value <= 1
    assert found["FD_back[classifier:digits]"].value < found["baseline FD_back[classifier:digits]"].value
    assert "cycle_L1" not in found
    assert default_training_protocol(data, load_trained(trial).task) == PROTOCOL.name


def test_pictures_of_another_source_are_refused(trial, data):
    with pytest.raises(UserError, match="translates a second set of pictures, which 'files' has not"):
        evaluate_trained(Given(data.split("test").samples, source="files"), load_trained(trial), PROTOCOL)
    assert len(whole(data, "test").first(7).other) == 300


def test_the_picture_of_samples_shows_both_directions(trial, data):
    picture = np.asarray(Image.open(trial / "samples.png"))
    assert picture.shape == (8 * 10 - 2, 6 * 10 - 2)
    assert np.array_equal(picture[:8, :8], data.other["validation"].samples[0, 0].numpy())
    assert np.array_equal(picture[:8, 30:38], data.split("validation").samples[0, 0].numpy())
