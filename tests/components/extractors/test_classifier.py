"""The small classifiers: the shipped ones are checked again, and local ones are trained, cached and refused."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from landscape.components.datasets._base import Dataset, Split
from landscape.components.datasets._load import load_dataset
from landscape.components.extractors import _train_classifier as training
from landscape.components.extractors._small_network import load_classifier
from landscape.components.extractors.classifier import SHIPPED, classifier, shipped
from landscape.components.extractors.pixels import pixels
from landscape.config.protocols import get, varied
from landscape.core.errors import UserError
from landscape.evaluation import evaluate


def _striped(count=256, side=12, classes=2, seed=0, labels=True):
    """Make images that any classifier can separate: vertical and horizontal stripes, with noise."""
    random = torch.Generator().manual_seed(seed)
    label = torch.arange(count) % classes
    stripes = ((torch.arange(side) // 2) % 2 * 200).to(torch.uint8).expand(side, side)
    clean = torch.stack([stripes if kind else stripes.T for kind in label.tolist()])[:, None]
    images = (clean + torch.randint(0, 50, clean.shape, generator=random)).to(torch.uint8)
    return Split(images, label if labels else None)


@pytest.fixture
def striped():
    return Dataset("striped", {"train": _striped(), "test": _striped(64, seed=1)}, "0123456789abcdef", classes=2)


@pytest.fixture
def short_training(monkeypatch):
    monkeypatch.setattr(
        training.train_classifier, "__kwdefaults__", {**training.train_classifier.__kwdefaults__, "visits": 2000, "width": 4}
    )


def test_both_small_data_sets_ship_a_classifier():
    assert {"digits", "mnist"} <= set(shipped())


@pytest.mark.parametrize(("name", "least"), [("digits", 0.98), ("mnist", 0.992)])
def test_the_description_of_a_shipped_classifier(name, least):
    facts = load_classifier(SHIPPED / f"{name}.safetensors", torch.device("cpu")).facts
    assert facts.name == f"classifier:{name}"
    assert facts.accuracy >= least
    assert facts.accuracy_split == "test"
    assert 64 <= facts.features <= 128
    assert f"_train_classifier {name}" in facts.command


def _accuracy(extractor, split):
    return float((extractor(split.samples).logits.argmax(1) == split.labels).double().mean())


def test_digits_accuracy_is_what_its_json_says():
    dataset = load_dataset("digits")
    extractor = classifier(dataset=dataset)
    assert extractor.name == "classifier:digits"
    assert extractor.facts.data_hash == dataset.content_hash
    assert _accuracy(extractor, dataset.split("test")) == pytest.approx(extractor.facts.accuracy, abs=1e-9)


def test_mnist_accuracy_is_what_its_json_says(shared_data, tmp_path):
    dataset = load_dataset("mnist", data_dir=shared_data / "mnist", cache_dir=tmp_path, progress=False)
    extractor = classifier(dataset=dataset)
    assert extractor.facts.data_hash == dataset.content_hash
    assert _accuracy(extractor, dataset.split("test")) == pytest.approx(extractor.facts.accuracy, abs=2e-4)


def test_a_batch_does_not_change_an_images_features():
    images = load_dataset("digits").split("test").samples
    extractor = classifier(trained_on="digits")
    torch.testing.assert_close(extractor(images).features[:7], extractor(images[:7]).features)


def test_other_sizes_and_channels_are_brought_to_the_input():
    images = load_dataset("digits").split("test").samples[:20]
    extractor = classifier(trained_on="digits")
    color = images.expand(-1, 3, -1, -1)
    torch.testing.assert_close(extractor(color).features, extractor(images).features)
    doubled = images.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert (extractor(doubled).logits.argmax(1) == extractor(images).logits.argmax(1)).float().mean() > 0.9


def test_a_stacked_classifier_reads_each_channel_alone():
    images = torch.randint(0, 256, (5, 3, 28, 28), dtype=torch.uint8)
    stacked, single = classifier(trained_on="stacked:mnist"), classifier(trained_on="mnist")
    features, logits = stacked(images)
    assert stacked.name == "classifier:mnist-stacked"
    assert features.shape == (5, 3 * 64)
    assert logits.shape == (5, 3, 10)
    for channel in range(3):
        torch.testing.assert_close(logits[:, channel], single(images[:, channel : channel + 1]).logits)
    with pytest.raises(UserError, match="stacked:<name>"):
        classifier(trained_on="piled:mnist")


def test_stacked_digits_are_counted_as_triples(shared_data, tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path))
    digits = load_dataset("mnist", data_dir=shared_data / "mnist", progress=False).split("test")
    triples = torch.tensor([[0, 1, 2], [2, 1, 0], [3, 3, 3], [3, 3, 3]])
    first = [int((digits.labels == d).nonzero()[0]) for d in range(10)]
    images = torch.stack([torch.cat([digits.samples[first[d]] for d in triple]) for triple in triples.tolist()])
    scores = evaluate(images, images, varied(get("pacgan-2018-stacked-mnist"), n_fake=4))
    assert scores.estimates["classes[classifier:mnist-stacked]"].value == 3
    assert not scores.failures


def test_changed_weights_are_refused(tmp_path):
    for suffix in (".safetensors", ".json"):
        shutil.copy(SHIPPED / f"digits{suffix}", tmp_path)
    path = tmp_path / "digits.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    expected = json.loads((tmp_path / "digits.json").read_text())["sha256"][:16]
    with pytest.raises(UserError, match=f"expected SHA-256 {expected}, found"):
        classifier(weights=path)
    (tmp_path / "digits.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        classifier(weights=path)


def test_a_local_classifier_is_trained_once_and_named_after_its_data(striped, short_training, tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path))
    before = torch.get_rng_state()
    first = classifier(dataset=striped)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.name == "classifier:local-01234567"
    assert first.facts.accuracy > 0.95
    monkeypatch.setattr(training, "train_classifier", None)
    again = classifier(dataset=striped)
    assert again.weights_hash == first.weights_hash
    images = striped.split("test").samples
    assert torch.equal(again(images).features, first(images).features)


def test_the_training_of_a_local_classifier_says_how_far_it_is(striped, short_training, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path))
    monkeypatch.setattr("landscape.core.progress.SECONDS_BETWEEN_LINES", 0.0)
    classifier(dataset=striped)
    lines = capsys.readouterr().err.splitlines()
    shown = [re.fullmatch(r"landscape: training a classifier of (\w+), once: ([\d,]+) of ([\d,]+), about .+ left", line) for line in lines]
    assert all(shown)
    done = [int(found[2].replace(",", "")) for found in shown]
    assert (shown[0][1], done, done[-1]) == (striped.name, sorted(done), int(shown[-1][3].replace(",", "")))


def test_a_local_classifier_of_data_with_a_like_hash_is_not_taken(striped, short_training, tmp_path, monkeypatch):
    """Eight of sixteen digits stand in the name of the file."""
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path))
    classifier(dataset=striped)
    other = replace(striped, content_hash=striped.content_hash[:8] + "f" * 8)
    assert classifier(dataset=other).facts.data_hash == other.content_hash


def test_a_damaged_local_classifier_is_trained_again(striped, short_training, tmp_path, monkeypatch):
    monkeypatch.setenv("LANDSCAPE_CACHE", str(tmp_path))
    first = classifier(dataset=striped)
    path = next(Path(tmp_path).rglob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.warns(UserWarning, match="training it again"):
        assert classifier(dataset=striped).weights_hash == first.weights_hash


def test_what_cannot_be_classified_says_what_to_use():
    unlabeled = Dataset("plain", {"train": _striped(labels=False)}, "0" * 16)
    one_class = Dataset("single", {"train": _striped(classes=1)}, "1" * 16)
    points = Dataset("ring", {"train": Split(torch.rand(10, 2), torch.arange(10))}, "2" * 16)
    for dataset, reason in ((unlabeled, "no labels"), (one_class, "one class"), (points, "points")):
        with pytest.raises(UserError, match=reason) as error:
            training.train_classifier(dataset, "classifier:x")
        assert "pixels" in str(error.value)
    with pytest.raises(UserError, match="which one: name 'classifier:digits'"):
        classifier()
    with pytest.raises(UserError, match=r"no classifier is shipped for 'cats'.*digits"):
        classifier(trained_on="cats")


def test_a_classifier_refuses_points():
    with pytest.raises(UserError, match="reads images"):
        classifier(trained_on="digits")(torch.rand(4, 2))


def test_training_shifts_images_within_reach():
    images = torch.zeros(200, 1, 28, 28, dtype=torch.uint8)
    images[:, :, 14, 14] = 255
    # The augmentation is private to the training. Its exact reach is not visible in a trained classifier.
    moved = training._shifted(images)
    places = moved[:, 0].flatten(1).argmax(1)
    rows, columns = places // 28 - 14, places % 28 - 14
    assert moved.shape == images.shape
    assert (moved.flatten(1) == 255).sum(1).eq(1).all()
    assert rows.unique().tolist() == columns.unique().tolist() == [-2, -1, 0, 1, 2]
    assert not torch.equal(rows, columns)


def test_pixels_are_levels_over_255_and_points_pass():
    images = torch.randint(0, 256, (3, 1, 4, 4), dtype=torch.uint8)
    made = pixels()(images)
    assert made.logits is None
    torch.testing.assert_close(made.features, images.reshape(3, 16).float() / 255)
    points = torch.randn(5, 2)
    assert torch.equal(pixels()(points).features, points)
