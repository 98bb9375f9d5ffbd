"""Class accuracy and the Frechet distance within classes, compared with SciPy and values by hand."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.stats import binomtest

from landscape.components.metrics.class_accuracy import class_accuracy
from landscape.components.metrics.intra_frechet import intra_frechet
from landscape.core.errors import UserError


def frechet(one, two):
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), by SciPy's matrix square root."""
    one, two = (np.asarray(part, dtype=np.float64) for part in (one, two))
    first, second = np.cov(one, rowvar=False), np.cov(two, rowvar=False)
    difference = one.mean(0) - two.mean(0)
    return difference @ difference + np.trace(first + second - 2 * sqrtm(first @ second).real)


def test_class_accuracy_by_hand(evidence):
    logits = torch.eye(4)[[0, 1, 2, 3, 0, 1, 2, 0]]
    asked = torch.tensor([0, 1, 2, 3, 0, 1, 3, 1])  # The last two are wrong.
    (found,) = class_accuracy(evidence(fake_logits=logits, real_logits=torch.eye(4), labels=(torch.arange(4), asked))).values()
    assert found.value == 6 / 8
    assert found.interval == pytest.approx(tuple(binomtest(6, 8).proportion_ci(method="wilson")))
    assert found.note == "of the real samples 1.0000"
    assert found.direction == "higher"


def test_class_accuracy_needs_the_classes_that_were_asked_for(evidence):
    with pytest.raises(UserError, match="class-conditional model"):
        class_accuracy(evidence(fake_logits=torch.eye(4), labels=(None, None)))
    with pytest.raises(UserError, match="class_accuracy needs generated logits"):
        class_accuracy(evidence(labels=(None, torch.arange(4))))


@pytest.fixture
def two_classes():
    """Features of two classes of unequal spread, 60 and 40 real samples and 50 and 70 generated ones, in random order."""
    generator = torch.Generator().manual_seed(3)
    sets = []
    for counts, shift in (((60, 40), 0.0), ((50, 70), 0.3)):
        labels = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
        features = torch.randn(sum(counts), 4, generator=generator) * (1 + labels[:, None]) + 5 * labels[:, None] + shift
        order = torch.randperm(len(labels), generator=generator)
        sets.append((features[order], labels[order]))
    return sets


def test_intra_frechet_is_the_mean_over_classes(evidence, two_classes):
    (real, real_labels), (fake, fake_labels) = two_classes
    (found,) = intra_frechet(evidence(real, fake, labels=(real_labels, fake_labels))).values()
    expected = np.mean([frechet(real[real_labels == c], fake[fake_labels == c]) for c in (0, 1)])
    assert found.value == pytest.approx(expected, rel=1e-5)
    assert "n_c = 40 to 70, 2 classes" in found.note
    assert found.interval[0] < found.value < found.interval[1]


def test_intra_frechet_sees_exchanged_classes_and_a_lack_of_diversity(evidence, two_classes):
    (real, real_labels), (fake, fake_labels) = two_classes

    def value(features, labels):
        return intra_frechet(evidence(real, features, labels=(real_labels, labels)))["intra_FD[x]"].value

    right = value(fake, fake_labels)
    assert value(fake, 1 - fake_labels) > 10 * right
    centers = torch.stack([fake[fake_labels == c].mean(0) for c in (0, 1)])
    assert value(centers[fake_labels] + 0.01 * torch.randn(len(fake), 4), fake_labels) > 3 * right


def test_intra_frechet_covers_the_expectation(evidence):
    """The 95% interval holds the mean over many draws in most draws."""
    generator = torch.Generator().manual_seed(0)
    values, intervals = [], []
    labels = torch.arange(300) % 3
    for _ in range(200):
        real, fake = torch.randn(300, 3, generator=generator), 1.5 * torch.randn(300, 3, generator=generator) + 1
        (found,) = intra_frechet(evidence(real, fake, labels=(labels, labels))).values()
        values.append(found.value)
        intervals.append(found.interval)
    mean = np.mean(values)
    assert np.mean([low < mean < high for low, high in intervals]) > 0.91


def test_intra_frechet_names_the_class_that_is_missing(evidence, two_classes):
    (real, real_labels), (fake, fake_labels) = two_classes
    with pytest.raises(UserError, match="class 1 has 40 real and 0 generated samples"):
        intra_frechet(evidence(real, fake, labels=(real_labels, torch.zeros_like(fake_labels))))
    with pytest.raises(UserError, match="class-conditional model"):
        intra_frechet(evidence(real, fake, labels=(real_labels, None)))


def test_class_accuracy_refuses_a_classifier_of_other_classes(evidence):
    """Logits of ImageNet's 1,008 classes say nothing about the ten digits."""
    labels = torch.arange(10)
    with pytest.raises(UserError, match="extractor 'x' names 1008 classes, the data have 10: choose"):
        class_accuracy(evidence(fake_logits=torch.zeros(10, 1008), labels=(labels, labels)))
    with pytest.raises(UserError, match="names 1008 classes, the data have 10"):
        class_accuracy(evidence(fake_logits=torch.zeros(10, 1008), labels=(None, labels), classes=10))
    with pytest.raises(UserError, match="names 4 classes, the data have 10"):
        class_accuracy(evidence(fake_logits=torch.zeros(10, 4), labels=(None, labels)))
    few = torch.arange(3)  # The data have ten classes, and only three of them were asked for.
    assert class_accuracy(evidence(fake_logits=torch.eye(10)[:3], labels=(few, few), classes=10))["class_accuracy[x]"].value == 1
    stacked = torch.eye(10).repeat(1, 3).view(10, 3, 10)
    assert class_accuracy(evidence(fake_logits=stacked, labels=(None, labels * 111), classes=1000))["class_accuracy[x]"].value == 1
