import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from landscape.components.datasets._base import Modes
from landscape.components.metrics.class_coverage import class_coverage
from landscape.components.metrics.mode_coverage import mode_coverage, reverse_kl
from landscape.components.metrics.modified_inception import modified_inception, reversed_divergences
from landscape.core.errors import UserError

ANGLES = torch.arange(8) * math.pi / 4
RING = Modes(torch.stack([ANGLES.cos(), ANGLES.sin()], dim=1), sigma=0.01)


def test_worked_by_hand(evidence):
    points = torch.cat([RING.centers[[0, 0, 1, 2]], RING.centers[3:4] + torch.tensor([[0.029, 0.0]]), RING.centers[4:5] + 0.03])
    found = mode_coverage(evidence(fake_images=points, modes=RING))
    assert found["modes"].value == 4  # Modes 0, 1, 2 and 3 are found. The point beside mode 4 is 4.2 sigma away.
    assert found["high_quality"].value == pytest.approx(5 / 6)
    assert found["reverse_KL"].value == pytest.approx(math.log(8) + entropy([2 / 5, 1 / 5, 1 / 5, 1 / 5]) * -1)


def test_radius_is_the_data_sets_own(evidence):
    points = RING.centers + torch.tensor([[0.05, 0.0]])
    wide = Modes(RING.centers, 0.01, radius_in_sigmas=6)
    assert mode_coverage(evidence(fake_images=points, modes=RING))["modes"].value == 0
    assert mode_coverage(evidence(fake_images=points, modes=wide))["modes"].value == 8


def test_no_high_quality_point_leaves_the_divergence_out(evidence):
    found = mode_coverage(evidence(fake_images=torch.full((9, 2), 50.0), modes=RING))
    assert set(found) == {"modes", "high_quality"}
    assert found["high_quality"].value == 0


def test_many_dimensions(evidence):
    modes = Modes(torch.eye(10, 1200) * 50, sigma=1.0, radius_in_sigmas=40.0)
    points = modes.centers[torch.arange(100) % 6] + torch.randn(100, 1200)
    found = mode_coverage(evidence(fake_images=points, modes=modes))
    assert (found["modes"].value, found["high_quality"].value) == (6, 1)


@pytest.mark.parametrize("shares", [[1 / 8] * 8, [0.5, 0.2, 0.1, 0.1, 0.05, 0.05, 0, 0]])
def test_intervals_cover(evidence, shares):
    def draw():
        chosen = torch.multinomial(torch.tensor(shares), 400, replacement=True)
        return mode_coverage(evidence(fake_images=RING.centers[chosen] + 0.012 * torch.randn(400, 2), modes=RING))

    found = [draw() for _ in range(150)]
    for name in ("reverse_KL", "high_quality"):
        mean = np.mean([each[name].value for each in found])
        assert np.mean([each[name].interval[0] <= mean <= each[name].interval[1] for each in found]) > 0.9


def test_reverse_kl_of_uniform_is_zero():
    assert reverse_kl(torch.full((1000,), 26)) == pytest.approx((0, 0), abs=1e-9)


def test_modes_bad_input(evidence):
    with pytest.raises(UserError, match="needs a data set with known modes"):
        mode_coverage(evidence(fake_images=torch.zeros(5, 2)))
    with pytest.raises(UserError, match="do not fit"):
        mode_coverage(evidence(fake_images=torch.zeros(5, 1, 8, 8), modes=RING))
    with pytest.raises(UserError, match="hold NaN"):
        mode_coverage(evidence(fake_images=torch.full((5, 2), math.nan), modes=RING))


def test_classes_of_a_classifier(evidence):
    logits = torch.eye(10)[torch.tensor([0, 0, 3, 7])] * 9
    found = class_coverage(evidence(fake_logits=logits))
    assert found["classes[x]"].value == 3
    assert found["class_KL[x]"].value == pytest.approx(math.log(10) - entropy([2 / 4, 1 / 4, 1 / 4]))
    assert class_coverage(evidence(fake_logits=logits), at_least=2)["classes[x]"].value == 1


def test_stacked_digits_are_a_thousand_classes(evidence):
    digits = torch.tensor([[1, 2, 3], [1, 2, 3], [9, 9, 9], [0, 0, 0]])
    found = class_coverage(evidence(fake_logits=torch.eye(10)[digits] * 9))
    assert (found["classes[x]"].value, found["classes[x]"].bounds) == (3, (0, 1000))
    assert found["class_KL[x]"].value == pytest.approx(math.log(1000) - entropy([2 / 4, 1 / 4, 1 / 4]))


def test_modified_inception_by_hand(evidence):
    logits = torch.randn(50, 4).double()
    p = torch.softmax(logits, 1).numpy()
    each = np.array([entropy(p.mean(0), row) for row in p])
    np.testing.assert_allclose(reversed_divergences(logits)[0], each, rtol=1e-10)
    given = evidence(fake_logits=logits)
    for square, expected in (("inside", (each**2).mean()), ("outside", each.mean() ** 2), ("none", each.mean())):
        assert modified_inception(given, square=square)["modified_IS[x]"].value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("square", ["inside", "outside", "none"])
def test_modified_inception_interval_covers(evidence, square):
    found = [modified_inception(evidence(fake_logits=torch.randn(300, 6) * 2), square=square)["modified_IS[x]"] for _ in range(200)]
    mean = np.mean([each.value for each in found])
    assert 0.89 < np.mean([each.interval[0] < mean < each.interval[1] for each in found]) < 0.99
