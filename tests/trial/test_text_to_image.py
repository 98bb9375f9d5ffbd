"""A trial of text to image, from training to scores and samples; its scores by hand and the control of exchanged texts."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.real_rows import RealRows
from PIL import Image

from landscape.components.datasets._load import load_dataset
from landscape.components.metrics.r_precision import ranks_first
from landscape.config import protocols
from landscape.config.trial_config import TrialConfig
from landscape.core.files import read_json
from landscape.evaluation.default_protocol import default_training_protocol
from landscape.evaluation.exchanging import of_other_rows
from landscape.evaluation.models import evaluate_model, floor
from landscape.evaluation.paired_yardsticks import pairs_for
from landscape.evaluation.splits import reporting
from landscape.report.legends import legend_of
from landscape.results.record import Scores, TrialRecord
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.saved_generator import load_trained
from landscape.trial.scoring_saved import evaluate_exchanged, evaluate_trained

DATA = "stacked-words-digits:count=200"
CONFIG = {
    "dataset": DATA,
    "task": "text_to_image",
    "architecture": {"gan_cls": {"width": 4, "text": 4, "encoded": 4, "word": 4}},
    "loss": "hinge",
    "regularizers": ["mismatch"],
    "batch_size": 8,
    "budget": {"amount": 4},
}
PROTOCOL = protocols.varied(protocols.get("quick-text"), metrics=["word_accuracy", "r_precision", "diversity"])
WORDS, RANKS = "word_accuracy[classifier:digits-stacked]", "R_precision[classifier:digits-stacked]"


@pytest.fixture(scope="module")
def dataset():
    return load_dataset(DATA)


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trial")
    record = prepare_and_run(TrialConfig.parse(CONFIG), PROTOCOL, folder=folder, threads=1)
    assert record.status.value == "completed"
    return folder


def test_a_generator_that_knows_the_texts_scores_well_and_exchanged_texts_bring_it_to_chance(trial, dataset):
    """The control: what the scores measure comes from the texts."""
    model, real = load_trained(trial), reporting(dataset, PROTOCOL).samples
    pairs, chance = pairs_for(model.task, real, 0), {WORDS: 0.1, RANKS: 0.01}
    protocol = protocols.varied(PROTOCOL, metrics=["word_accuracy", "r_precision"])
    perfect = RealRows(dataset, "test", pairs, torch.arange(len(real)))
    right = evaluate_model(perfect, dataset, protocol).estimates
    wrong = evaluate_model(of_other_rows(perfect, 0), dataset, protocol).estimates
    assert {name.removeprefix("unseen_") for name in right} == set(chance)
    for name in right:
        assert right[name].value > 0.9
        assert wrong[name].value == pytest.approx(chance[name.removeprefix("unseen_")], abs=0.03)
    assert right[WORDS].n_fake == right["unseen_" + WORDS].n_fake == 1000 or right[WORDS].n_fake + right["unseen_" + WORDS].n_fake == 2000


def test_a_trained_model_is_scored_under_the_texts_of_other_rows(trial, dataset):
    """Four steps leave a model at chance either way, so that what it is asked is compared: the same texts, hardly one in its own place."""
    model, asked = load_trained(trial), []
    model.generator.register_forward_pre_hook(lambda _, given: asked.append(given[1]))
    evaluate_trained(dataset, model, PROTOCOL)
    own = torch.cat(asked)
    asked.clear()
    found = evaluate_exchanged(dataset, model, PROTOCOL).estimates
    other = torch.cat(asked)
    texts = dataset.split("test").tokens[: len(other)]
    assert any(torch.equal(own[start : start + len(texts)], texts) for start in range(len(own) - len(texts) + 1))
    assert sorted(other.tolist()) == sorted(texts.tolist())
    assert (other == texts).all(1).float().mean() < 0.02
    assert set(found) == {f"exchanged conditions {unseen}{name}" for unseen in ("", "unseen_") for name in (WORDS, RANKS)}
    assert found[f"exchanged conditions {WORDS}"].value == pytest.approx(0.1, abs=0.05)


def test_yardsticks_are_the_real_samples_and_real_samples_of_other_texts(trial, dataset):
    found = floor(dataset, PROTOCOL, task=load_trained(trial).task).estimates
    assert found[WORDS].value > 0.9
    assert found[f"baseline {WORDS}"].value == pytest.approx(0.1, abs=0.03)
    assert found[f"baseline {RANKS}"].note.startswith("real samples of other texts")
    assert "diversity" not in found


def test_the_model_scores_the_same_from_its_file(trial, dataset):
    scores = [Scores.from_json(read_json(path)) for path in sorted((trial / "scores").glob("*.json"))]
    report = next(s for s in scores if s.protocol["name"] == PROTOCOL.name)
    assert not report.failures
    again = evaluate_trained(dataset, load_trained(trial), PROTOCOL)
    assert {n: e.value for n, e in again.estimates.items()} == {n: e.value for n, e in report.estimates.items()}
    assert set(report.estimates) == {WORDS, f"unseen_{WORDS}", RANKS, f"unseen_{RANKS}", "diversity"}


def test_the_protocol_follows_from_the_task(trial, dataset):
    assert default_training_protocol(dataset, load_trained(trial).task) == "quick-text"


def test_the_picture_of_samples_ends_each_row_with_the_real_sample_of_the_text(trial, dataset):
    picture = np.asarray(Image.open(trial / "samples.png"))
    assert picture.shape == (8 * 10 - 2, 8 * 10 - 2, 3)
    assert np.array_equal(picture[:8, -8:], dataset.split("validation").samples[0].permute(1, 2, 0).numpy())
    record = TrialRecord.from_json(read_json(trial / "record.json"))
    assert record.texts == tuple(dataset.language.text(tokens) for tokens in dataset.split("validation").tokens[:8])
    assert legend_of(record).rows == record.texts


def test_a_score_of_targets_is_refused(trial, dataset):
    scores = evaluate_trained(dataset, load_trained(trial), protocols.varied(PROTOCOL, metrics=["psnr"]))
    assert "which task 'text_to_image' does not have" in next(iter(scores.failures.values()))


def test_ranks_by_a_loop():
    generator = torch.Generator().manual_seed(0)
    attributes = torch.randint(0, 3, (12, 2), generator=generator)
    numbers = attributes[:, 0] * 3 + attributes[:, 1]
    logits = torch.randn(12, 2, 3, generator=generator)
    wrong = len(numbers.unique()) - 1
    found = ranks_first(logits, attributes, numbers, wrong, generator)
    log_p = logits.log_softmax(2)
    for i in range(12):
        fits = {int(n): float(log_p[i, 0, n // 3] + log_p[i, 1, n % 3]) for n in numbers.unique()}
        assert bool(found[i]) == (max(fits, key=fits.get) == int(numbers[i]))
    assert 0 < found.mean() < 1


def test_seen_and_unseen_texts_follow_the_training_split(trial, dataset):
    """With the labels of the test split as those of the training, no text is unseen."""
    known = replace(dataset, splits=dataset.splits | {"train": dataset.split("test")})
    names = evaluate_trained(known, load_trained(trial), protocols.varied(PROTOCOL, metrics=["word_accuracy"])).estimates
    assert set(names) == {WORDS}
