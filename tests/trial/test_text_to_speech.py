"""A trial of text to speech, from training to scores, with the control of exchanged conditions and the judge of held-out words."""

import io
import warnings
import wave
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from helpers import spoken
from helpers.real_rows import RealRows
from helpers.small_architectures import SMALL
from PIL import Image

from landscape.components.datasets._load import load_dataset
from landscape.components.extractors import _train_classifier
from landscape.components.numerics.mel import LENGTH, log_mel, to_levels
from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.core.files import read_json
from landscape.evaluation.default_protocol import default_training_protocol
from landscape.evaluation.models import evaluate_model, floor
from landscape.evaluation.paired_yardsticks import pairs_for
from landscape.evaluation.splits import reporting
from landscape.results.record import Scores, TrialRecord
from landscape.training.sampling import shown_rows
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.saved_generator import load_trained
from landscape.trial.scoring_saved import evaluate_exchanged, evaluate_trained
from landscape.trial.sounds import SPOKEN, sound_of

DATA = "spoken-words:words=10"
CONFIG = {
    "dataset": DATA,
    "task": "text_to_speech",
    "architecture": {"mel_conv": SMALL["mel_conv"]},
    "loss": "hinge",
    "regularizers": ["mismatch", "pixel"],
    "batch_size": 8,
    "budget": {"amount": 4},
}
PROTOCOL = protocols.varied(protocols.get("quick-speech"), metrics=["mel_cepstral_distortion", "word_accuracy", "diversity"])


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("speech")
        patch.setenv("LANDSCAPE_CACHE", str(folder / "cache"))
        spoken.without_flite(patch)
        quick = partial(_train_classifier.train_classifier, visits=4000, width=8)
        patch.setattr(_train_classifier, "train_classifier", quick)
        yield folder


@pytest.fixture(scope="module")
def dataset(here):
    return load_dataset("spoken-words", {"words": 10})


@pytest.fixture(scope="module")
def trial(here):
    record = prepare_and_run(TrialConfig.parse(CONFIG), PROTOCOL, folder=here / "trial", threads=1)
    assert record.status.value == "completed"
    return here / "trial"


def test_the_record_names_a_sound_of_samples_and_recordings_in_turn(trial, dataset):
    assert read_json(trial / "record.json")["sounds"] == {"samples": "samples.wav"}
    with wave.open(str(trial / "samples.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        levels = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(2 * SPOKEN, LENGTH)
    mels = to_levels(log_mel(torch.from_numpy(levels / 32768).float())).float()
    recordings = shown_rows(dataset, SPOKEN).samples
    samples, second = ((mels[i::2] - recordings).abs().mean() for i in range(2))
    assert second < 0.5 * samples  # The second of each pair is the recording.


def test_a_sample_of_a_diverged_model_is_silent_and_leaves_the_recording_behind_it():
    mels = torch.full((2, 1, 64, 64), 0.8)
    mels[0] = torch.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        content = sound_of(mels)
    with wave.open(io.BytesIO(content)) as file:
        silent, heard = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(2, LENGTH)
    assert not silent.any()
    assert heard.any()


def test_the_judge_knows_words_that_are_held_out(here, trial, dataset):
    (facts,) = [read_json(path) for path in (here / "cache" / "classifiers").glob("*.json")]
    assert facts["classes"] == 10
    assert facts["accuracy_split"] == "every 5th sample of each class of all splits"
    assert facts["accuracy_samples"] == 20
    assert facts["training"]["train_samples"] == 100
    assert facts["accuracy"] > 0.8


def test_recordings_score_well_and_exchanged_conditions_bring_them_to_chance(trial, dataset):
    protocol = protocols.varied(PROTOCOL, metrics=["mel_cepstral_distortion", "word_accuracy"], real_split="train")
    pairs = pairs_for(load_trained(trial).task, reporting(dataset, protocol).samples, 0)
    straight = torch.arange(len(dataset.split("train")))
    exchanged = (straight + 12 * 3) % len(straight)  # Twelve recordings of each word follow one another.
    right, wrong = (
        evaluate_model(RealRows(dataset, "train", pairs, order), dataset, protocol).estimates for order in (straight, exchanged)
    )
    (words,) = [name for name in right if name.startswith("word_accuracy[classifier:local-")]
    assert right["MCD"].value == pytest.approx(0, abs=1e-6)
    assert right["MCD"].unit == "dB"
    assert wrong["MCD"].value > 3
    assert right[words].value > 0.9
    assert wrong[words].value < 0.1


def test_a_trained_model_is_scored_under_the_phones_of_other_rows(trial, dataset):
    found = evaluate_exchanged(
        dataset, load_trained(trial), protocols.varied(PROTOCOL, metrics=["mel_cepstral_distortion", "frechet"])
    ).estimates
    own = evaluate_trained(dataset, load_trained(trial), protocols.varied(PROTOCOL, metrics=["mel_cepstral_distortion"])).estimates
    assert set(found) == {"exchanged conditions MCD"}
    assert found["exchanged conditions MCD"].value != own["MCD"].value


def test_yardsticks_are_recordings_copies_of_them_and_the_mean_mel(trial, dataset):
    found = floor(dataset, PROTOCOL, task=load_trained(trial).task).estimates
    (words,) = [name for name in found if name.startswith("unseen_word_accuracy")]
    assert found["MCD"].value == pytest.approx(0, abs=1e-6)
    assert 0 < found["copy synthesis MCD"].value < found["baseline MCD"].value
    assert found["baseline MCD"].note.startswith("mean of the training samples")
    assert found[words].value > 0.8
    assert found[f"copy synthesis {words}"].value > 0.5
    assert found[f"baseline {words}"].value < 0.5


def test_the_model_scores_the_same_from_its_file(trial, dataset):
    scores = [Scores.from_json(read_json(path)) for path in sorted((trial / "scores").glob("*.json"))]
    report = next(s for s in scores if s.protocol["name"] == PROTOCOL.name)
    assert not report.failures
    again = evaluate_trained(dataset, load_trained(trial), PROTOCOL)
    assert {n: e.value for n, e in again.estimates.items()} == {n: e.value for n, e in report.estimates.items()}
    assert load_trained(trial).language == dataset.language


def test_the_protocol_follows_from_the_task_and_the_data(trial, dataset):
    task = load_trained(trial).task
    assert default_training_protocol(dataset, task) == "quick-speech"
    assert default_training_protocol(replace(dataset, classes=None), task) == "quick-recordings"


def test_the_picture_of_samples_ends_each_row_with_the_recording(trial, dataset):
    picture = np.asarray(Image.open(trial / "samples.png").convert("L"))
    assert np.array_equal(picture[:64, -64:], dataset.split("validation").samples[0, 0].numpy())
    speech, (first, *_) = dataset.language, dataset.split("validation").tokens
    word, voice = TrialRecord.from_json(read_json(trial / "record.json")).texts[0].split(" ")
    assert f"{speech.lexicon[word]} {voice}" == speech.text(first)
    assert speech.said(speech.tokens(["seven"], speech.voices[1])[0]) == f"seven ({speech.voices[1]})"
    assert replace(speech, lexicon={}).said(first) == speech.text(first)
