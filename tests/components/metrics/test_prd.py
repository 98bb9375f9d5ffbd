import math

import numpy as np
import pytest
import torch

from landscape.components.metrics.prd import best_f, cluster_histograms, prd, prd_curve
from landscape.core.errors import UserError


def direct_curve(fake, real, angles):
    """Evaluate equations 9 and 10 of the paper in loops."""
    precision, recall = [], []
    for step in range(angles):
        slope = math.tan(1e-10 + step * (math.pi / 2 - 2e-10) / (angles - 1))
        precision.append(sum(min(slope * q, p) for p, q in zip(fake, real, strict=True)))
        recall.append(sum(min(q, p / slope) for p, q in zip(fake, real, strict=True)))
    return precision, recall


def test_equals_the_definition():
    random = np.random.default_rng(0)
    fake, real = random.dirichlet(np.ones(20)), random.dirichlet(np.ones(20))
    fake[3] = real[7] = 0
    found = prd_curve(fake, real, 51)
    np.testing.assert_allclose(found, direct_curve(fake, real, 51), rtol=1e-9, atol=1e-12)
    for beta in (8, 1 / 8):
        expected = max((1 + beta**2) * p * r / (beta**2 * p + r) for p, r in zip(*found, strict=True))
        assert best_f(*found, beta) == pytest.approx(expected, rel=1e-12)


def test_equal_and_disjoint_histograms():
    p, q = np.array([0.5, 0.5, 0, 0]), np.array([0, 0, 0.5, 0.5])
    assert best_f(*prd_curve(p, p), 8) == pytest.approx(1, abs=1e-6)
    assert best_f(*prd_curve(p, q), 8) == 0


def test_half_of_the_modes():
    # All generated samples are good, and they reach half of the real ones: the curve ends at precision 1 and recall 1/2.
    precision, recall = prd_curve(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    assert (precision.max(), recall.max()) == pytest.approx((1, 0.5), abs=1e-6)


def test_histograms_count_each_set():
    real, fake = torch.randn(30, 2), torch.randn(30, 2) + 50
    of_fake, of_real = cluster_histograms(fake, real, 4, seed=0)
    assert of_fake.sum() == of_real.sum() == 30
    assert (of_fake * of_real).sum() == 0


@pytest.mark.parametrize(("drop", "moves"), [("modes", "PRD_F8[x]"), ("quality", "PRD_F1/8[x]")])
def test_recall_and_precision_move_apart(evidence, drop, moves):
    centers = torch.tensor([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0], [20.0, 20.0]])
    real = centers[torch.arange(400) % 4] + torch.randn(400, 2)
    fake = centers[torch.arange(400) % 2] + torch.randn(400, 2)
    if drop == "quality":
        fake = centers[torch.arange(400) % 4] + torch.randn(400, 2)
        fake[:200] += 300
    found = prd(evidence(real, fake), clusters=8, runs=3)
    stays = next(name for name in found if name != moves)
    assert found[moves].value < 0.7
    assert found[stays].value > 0.85


def test_interval_covers_the_expectation_at_this_size(evidence):
    options = {"runs": 5, "angles": 101, "clusters": 6}
    found = [prd(evidence(torch.randn(100, 3), torch.randn(100, 3) * 0.6 + 0.4, seed=10 * s), **options) for s in range(30)]
    assert prd(evidence(torch.randn(50, 3), torch.randn(50, 3)), **{**options, "runs": 4})["PRD_F8[x]"].interval is None
    for name in ("PRD_F8[x]", "PRD_F1/8[x]"):
        mean = np.mean([each[name].value for each in found])
        assert np.mean([each[name].interval[0] <= mean <= each[name].interval[1] for each in found]) > 0.9


def test_larger_set_is_cut(evidence):
    found = prd(evidence(torch.randn(50, 2), torch.randn(40, 2)), clusters=5, runs=1)["PRD_F8[x]"]
    assert (found.n_real, found.n_fake) == (40, 40)
    assert len(found.curve) == 1001


def test_too_few(evidence):
    with pytest.raises(UserError, match="at least 20"):
        prd(evidence(torch.randn(19, 2), torch.randn(40, 2)))


def test_constant_features_agree(evidence):
    assert prd(evidence(torch.ones(30, 2), torch.ones(30, 2)), clusters=3, runs=1)["PRD_F8[x]"].value == pytest.approx(1, abs=1e-6)
