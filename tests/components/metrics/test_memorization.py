import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

from landscape.components.metrics import _clouds
from landscape.components.metrics._base import SampleSet
from landscape.components.metrics.memorization import chance_smaller, memorization
from landscape.core.errors import UserError


def test_equals_scipy_on_all_distances(evidence, monkeypatch):
    monkeypatch.setattr(_clouds, "TILE", 32)
    real, fake, train = torch.randn(70, 6), torch.randn(80, 6) * 0.9, torch.randn(90, 6)
    found = memorization(evidence(real, fake, train=SampleSet(features=train)))
    to_train = [cdist(each.double(), train.double()) for each in (real, fake)]
    of_real, of_fake = (each.min(axis=1) for each in to_train)
    expected = mannwhitneyu(of_real, of_fake).statistic / (70 * 80)  # This is P(real farther than fake).
    assert found["memorization[x]"].value == pytest.approx(expected)
    among = cdist(train.double(), train.double())
    np.fill_diagonal(among, np.inf)
    authentic = of_fake > among.min(axis=1)[to_train[1].argmin(axis=1)]
    assert found["authenticity[x]"].value == pytest.approx(authentic.mean())


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_copy_of_a_training_sample_that_occurs_twice_is_not_authentic(evidence, scale):
    """The nearest training sample of the copied one is its twin at distance 0: the copy is not farther, whatever float32 rounds."""
    once = torch.randn(60, 20) * scale + 10 * scale
    train, real = once.repeat(2, 1), torch.randn(40, 20) * scale + 10 * scale
    found = memorization(evidence(real, once[:50].clone(), train=SampleSet(features=train)))
    assert (found["authenticity[x]"].value, found["memorization[x]"].value) == (0, 1)


def test_copies_on_both_sides_tie(evidence):
    """Real samples that stand in the training set as well are as near as copies: half of the chance each."""
    train = torch.randn(60, 20) + 10
    found = memorization(evidence(train[:30].clone(), train[30:].clone(), train=SampleSet(features=train)))
    assert found["memorization[x]"].value == 0.5


def test_ties_count_half():
    assert chance_smaller(torch.tensor([1.0, 2.0]), torch.tensor([2.0, 3.0]))[0] == pytest.approx((1 + 1 + 0.5 + 1) / 4)


def test_copies_and_strangers(evidence):
    train, real = torch.randn(200, 5), torch.randn(100, 5)
    given = {"train": SampleSet(features=train)}
    copies = memorization(evidence(real, train[:100].clone(), **given))
    assert (copies["memorization[x]"].value, copies["authenticity[x]"].value) == (1, 0)
    far = memorization(evidence(real, torch.randn(100, 5) + 30, **given))
    assert (far["memorization[x]"].value, far["authenticity[x]"].value) == (0, 1)
    fair = memorization(evidence(real, torch.randn(100, 5), **given))["memorization[x]"]
    assert fair.interval[0] < 0.5 < fair.interval[1]


@pytest.mark.parametrize("scale", [1.0, 0.6])
def test_intervals_cover_given_the_training_set(evidence, scale):
    given = {"train": SampleSet(features=torch.randn(150, 4))}
    found = [memorization(evidence(torch.randn(120, 4), torch.randn(100, 4) * scale, **given)) for _ in range(120)]
    for name in ("memorization[x]", "authenticity[x]"):
        mean = np.mean([each[name].value for each in found])
        assert np.mean([each[name].interval[0] <= mean <= each[name].interval[1] for each in found]) > 0.9


def test_bad_input(evidence):
    with pytest.raises(UserError, match="needs the training set"):
        memorization(evidence(torch.randn(5, 2), torch.randn(5, 2)))
    with pytest.raises(UserError, match="do not compare"):
        memorization(evidence(torch.randn(5, 2), torch.randn(5, 2), train=SampleSet(features=torch.randn(5, 3))))
