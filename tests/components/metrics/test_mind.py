"""MIND against its definition in NumPy, its bias, and the coverage of its interval.

It is compared with torch-fidelity's as soon as a release of that package has MIND; until then that test is skipped.
"""

import numpy as np
import pytest
import torch

from landscape.components.metrics import mind as module
from landscape.components.metrics.mind import directions, mind, sliced
from landscape.core.errors import UserError


def direct(real, fake, along):
    """3 d times the mean over directions of the squared distances of the sorted projections, in float64."""
    real, fake, along = (each.double().numpy() for each in (real, fake, along))
    values = [np.mean((np.sort(real @ u) - np.sort(fake @ u)) ** 2) for u in along]
    return 3 * real.shape[1] * np.mean(values)


@pytest.mark.parametrize("at_once", [2_000_000, 1000], ids=["all directions at once", "a few at a time"])
def test_equals_a_direct_sort(evidence, feature_sets, monkeypatch, at_once):
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    real, fake = feature_sets
    fake = fake[: len(real)]
    along, kept = directions(64, real.shape[1], 5)
    assert kept == ()
    assert along.norm(dim=1).numpy() == pytest.approx(1, abs=1e-6)
    found = mind(evidence(real, fake, seed=5), projections=64)["MIND[x]"]
    assert found.value == pytest.approx(direct(real, fake, along), rel=1e-5)


def test_of_unequal_numbers_a_random_subset_of_the_larger_is_scored(evidence, feature_sets):
    real, fake = feature_sets
    along, (of_fake, of_real) = directions(64, real.shape[1], 5, unequal=(len(fake), len(real)))
    assert of_real.tolist() == list(range(len(real)))
    assert len(set(of_fake.tolist())) == len(real)
    found = mind(evidence(real, fake, seed=5), projections=64)["MIND[x]"]
    assert found.value == pytest.approx(direct(real, fake[of_fake], along), rel=1e-5)
    assert found.n_real == found.n_fake == len(real)


def test_equals_torch_fidelity(evidence, feature_sets):
    theirs = pytest.importorskip("torch_fidelity.metric_mind", reason="this release of torch-fidelity has no MIND yet")
    real, fake = feature_sets
    expected = theirs.mind_features_to_metric(fake, real, mind_num_projections=64, rng_seed=5, cuda=False, verbose=False)
    found = mind(evidence(real, fake, seed=5), projections=64)["MIND[x]"]
    assert found.value == pytest.approx(expected["monge_inception_distance"], rel=1e-4)


def test_by_hand():
    """Two points each on a line: 0 and 1 against 2 and 5; joined in order they lie 2 and 4 apart, so (4 + 16) / 2 times 3 d."""
    real, fake = torch.tensor([[1.0], [0.0]]), torch.tensor([[2.0], [5.0]])
    assert sliced(real, fake, torch.ones(1, 1), 0).values.tolist() == [pytest.approx(30.0)]


def test_a_shift_of_both_sets_changes_nothing(evidence, feature_sets):
    real, fake = feature_sets
    here, there = (mind(evidence(real + by, fake + by), projections=32)["MIND[x]"].value for by in (0, 1000))
    assert there == pytest.approx(here, rel=1e-3)


@pytest.mark.parametrize("count", [150, 151], ids=["even", "odd"])
def test_the_foretold_bias_and_the_interval_hold(evidence, count):
    """200 pairs of Gaussian sets: pairs of equal laws score the foretold bias on average, and the intervals cover the mean score."""
    generator, scales = torch.Generator().manual_seed(0), torch.arange(1, 21) ** -0.7
    for shift in (0.0, 0.3):
        found, foretold = [], []
        for seed in range(200):
            real, fake = (torch.randn(count, 20, generator=generator) * scales for _ in range(2))
            fake += shift * scales
            found.append(mind(evidence(real, fake, seed=seed), projections=60)["MIND[x]"])
            foretold.append(float(sliced(real, fake, directions(60, 20, seed)[0], seed).equal.mean()))
        mean = np.mean([score.value for score in found])
        if shift == 0:
            assert np.mean(foretold) == pytest.approx(mean, rel=0.1)
        intervals = [score.interval for score in found if score.interval is not None]
        assert len(intervals) > 180
        covered = np.mean([low < mean < high for low, high in intervals])
        assert 0.93 <= covered <= 0.995


def test_an_interval_that_few_samples_carry_is_not_given(evidence):
    generator = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(200, 8, generator=generator) for _ in range(2))
    assert mind(evidence(real, fake), projections=50)["MIND[x]"].interval is not None
    real, fake = ((2 * each).exp() for each in (real, fake))
    found = mind(evidence(real, fake), projections=50)["MIND[x]"]
    assert found.interval is None
    assert "too few for an interval" in found.note


def test_of_a_set_with_itself_it_is_zero(evidence):
    features = torch.randn(20, 5)
    found = mind(evidence(features, features.clone()), projections=10)["MIND[x]"]
    assert found.value == 0
    assert found.interval == (0, 0)


def test_too_few_samples_are_refused(evidence):
    with pytest.raises(UserError, match="mind needs at least 4"):
        mind(evidence(torch.randn(3, 5), torch.randn(8, 5)))
