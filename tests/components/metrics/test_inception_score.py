import math

import numpy as np
import pytest
import torch
from torch_fidelity.metric_isc import isc_features_to_metric

from landscape.components.metrics.inception_score import inception_score
from landscape.core.errors import UserError


@pytest.mark.parametrize("splits", [1, 10])
def test_equals_torch_fidelity(evidence, splits):
    logits = torch.randn(503, 20) * 4
    theirs = isc_features_to_metric(logits, splits=splits, shuffle=True, rng_seed=2020)
    found = inception_score(evidence(fake_logits=logits, seed=2020), splits=splits)["IS[x]"]
    assert found.value == pytest.approx(theirs["inception_score_mean"], rel=1e-12)
    assert found.spread == pytest.approx(theirs["inception_score_std"], rel=1e-9, abs=1e-12)


def test_sure_and_balanced_classifier_gives_the_number_of_classes(evidence):
    logits = 100.0 * torch.eye(5).repeat(40, 1)
    assert inception_score(evidence(fake_logits=logits), splits=1)["IS[x]"].value == pytest.approx(5)


def test_one_class_gives_one(evidence):
    logits = torch.tensor([[200.0, 0.0, -1000.0]]).repeat(30, 1)
    assert inception_score(evidence(fake_logits=logits), splits=3)["IS[x]"].value == pytest.approx(1)


def test_is_named_plainly_only_through_the_inception_network(evidence):
    assert set(inception_score(evidence(fake_logits=torch.randn(40, 3), is_fid=True))) == {"IS"}


@pytest.mark.parametrize("splits", [1, 4])
def test_interval_covers(evidence, splits):
    found = [inception_score(evidence(fake_logits=torch.randn(400, 6) * 3), splits=splits)["IS[x]"] for _ in range(200)]
    mean = np.mean([each.value for each in found])
    assert 0.9 < np.mean([each.interval[0] < mean < each.interval[1] for each in found]) < 0.99


def test_bias_is_within_the_note(evidence):
    def mean(count):
        scores = [inception_score(evidence(fake_logits=torch.randn(count, 6) * 3), splits=1)["IS[x]"].value for _ in range(100)]
        return np.mean(scores)

    assert 0 < 1 - mean(50) / mean(2000) < 5 / (2 * 50)


@pytest.mark.parametrize(
    ("logits", "says"),
    [
        (torch.randn(19, 3), "at least 20"),
        (torch.randn(40, 1), "two classes"),
        (torch.full((40, 3), math.nan), "40 of 40 generated logits"),
        (None, "needs generated logits"),
    ],
)
def test_bad_input(evidence, logits, says):
    with pytest.raises(UserError, match=says):
        inception_score(evidence(fake_logits=logits))
