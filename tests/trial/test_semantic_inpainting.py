"""A trial fills holes with its own networks at its end, and says why it cannot."""

import pytest

from landscape.config import protocols
from landscape.config.choices import Choice
from landscape.config.trial_config import TrialConfig
from landscape.core.files import read_json
from landscape.results.record import Scores
from landscape.training.building import Loss
from landscape.trial.run_trial import prepare_and_run

FIELDS = {"dataset": "digits", "architecture": {"mlp": {"width": 16}}, "loss": "hinge", "batch_size": 16, "budget": {"amount": 20}}


def scored(folder, prior=0.003, **fields):
    metrics = [{"semantic_inpainting": {"iterations": 3, "images": 10, "prior": prior}}]
    protocol = protocols.varied(protocols.get("quick-conditionals"), metrics=metrics, objective="")
    record = prepare_and_run(TrialConfig.parse(FIELDS | fields), protocol, folder=folder, threads=1, pictures=False)
    assert record.status.value == "completed"
    return Scores.from_json(read_json(next((folder / "scores").glob("*.json"))))


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"d_normalization": "spectral"}, "prior 0.003 log(1 - D); 3 steps from 1 draws of z, not blended; mean fill "),
        ({"loss": "wasserstein"}, "without prior, because this D gives no logit that parts"),
        ({"loss": "began", "architecture": "autoencoder_mlp"}, "without prior, because this D gives no logit that parts"),
        ({"loss": "mmd", "prior": 0}, "without prior; 3 steps"),
        ({"task": "inference", "prior": 0}, "without prior; 3 steps"),
    ],
)
def test_a_trial_is_scored_with_the_prior_that_its_discriminator_allows(tmp_path, fields, note):
    scores = scored(tmp_path, **fields)
    assert not scores.failures
    assert len(scores.estimates) == 6
    assert scores.estimates["inpainting_L1"].note.startswith(note)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"regularizers": ["packing"]}, "needs the discriminator (or prior=0)"),
        ({"task": "class_conditional"}, "a condition for each sample"),
        ({"task": "inpainting", "architecture": {"unet": {"width": 8}}}, "a generator without condition, not of task 'inpainting'"),
        ({"dataset": "ring", "architecture": "mlp_2d"}, "fills holes of images"),
    ],
)
def test_what_cannot_be_filled_is_said(tmp_path, fields, reason):
    (found,) = scored(tmp_path, **fields).failures.values()
    assert reason in found


@pytest.mark.parametrize(
    ("loss", "boundary"),
    [("non_saturating", 0), ("least_squares", 0.5), ("wasserstein", None), ("relativistic_average", None), ("began", None), ("vae", None)],
)
def test_the_logit_above_which_samples_are_called_real(loss, boundary):
    assert Loss.of(Choice(name=loss)).boundary() == boundary
