import numpy as np
import pytest
import torch
from prdc import compute_prdc
from torch_fidelity.metric_prc import prc_features_to_metric

from landscape.components.metrics import _clouds
from landscape.components.metrics._neighbors import neighborhoods
from landscape.components.metrics.density_coverage import density_coverage
from landscape.components.metrics.precision_recall import precision_recall
from landscape.core.errors import UserError

NAMES = ("precision", "recall", "density", "coverage")


def scores(evidence, real, fake, **options):
    given = evidence(real, fake)
    found = precision_recall(given, **options) | density_coverage(given, **options)
    return {name: found[f"{name}[x]"] for name in NAMES}


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("tile", [64, 2048])
def test_equals_prdc_exactly_in_float64(evidence, feature_sets, k, tile, monkeypatch, capsys):
    monkeypatch.setattr(_clouds, "TILE", tile)
    real, fake = (each.clone() for each in feature_sets)
    theirs = compute_prdc(real.double().numpy(), fake.double().numpy(), k)
    ours = scores(evidence, real, fake, k=k, precision="float64")
    for name in NAMES:
        assert ours[name].value == pytest.approx(float(theirs[name]), rel=1e-14), name


def test_float32_flips_no_more_than_it_reports(evidence, feature_sets):
    real, fake = feature_sets
    exact, fast = (neighborhoods(real, fake, 5, precision) for precision in ("float64", "float32"))
    flipped = int((exact.real.balls - fast.real.balls).abs().sum() + (exact.fake.balls - fast.fake.balls).abs().sum())
    assert flipped <= fast.uncertain
    assert fast.decisions == 2 * len(real) * len(fake)


def test_uncertain_decisions_are_counted(evidence):
    # On a lattice many distances equal the radius exactly, so that rounding decides.
    side = torch.arange(8.0)
    lattice = torch.cartesian_prod(side, side, side) * 0.1
    found = neighborhoods(lattice, lattice + 0.1, 3, "float32")
    assert found.uncertain > 100
    assert "of 5.24e+05 neighbor decisions lie within rounding" in scores(evidence, lattice, lattice + 0.1, k=3)["precision"].note


def test_equals_torch_fidelity(evidence, feature_sets):
    real, fake = feature_sets
    options = {"prc_neighborhood": 3, "prc_batch_size": 1000, "save_cpu_ram": False, "verbose": False}
    theirs = prc_features_to_metric(fake, real, **options)
    ours = scores(evidence, real, fake, k=3)
    assert ours["precision"].value == pytest.approx(theirs["precision"], rel=1e-6)
    assert ours["recall"].value == pytest.approx(theirs["recall"], rel=1e-6)


def test_worked_by_hand(evidence):
    # The real points are 0, 1, 3 on a line and k = 1, so the radii are 1, 1, 2. The fake points are 0.5, 10, 10.4 with radii 9.5, 0.4, 0.4.
    real, fake = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([[0.5], [10.0], [10.4]])
    ours = scores(evidence, real, fake, k=1, precision="float64")
    assert ours["precision"].value == pytest.approx(1 / 3)  # 0.5 lies in the balls of 0 and of 1. Its distance to 3 is 2.5.
    assert ours["recall"].value == 1.0  # All real points are within 9.5 of 0.5.
    assert ours["density"].value == pytest.approx(2 / 3)
    assert ours["coverage"].value == pytest.approx(2 / 3)


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.8, 0.3), (1.5, 1.0), (0.2, 0.0)])
def test_intervals_cover_the_expectation_at_these_sizes(evidence, scale, shift):
    found = [scores(evidence, torch.randn(250, 6), torch.randn(200, 6) * scale + shift) for _ in range(120)]
    for name in NAMES:
        values = np.array([each[name].value for each in found])
        covered = [each[name].interval[0] <= values.mean() <= each[name].interval[1] for each in found]
        assert np.mean(covered) > 0.92, name


def test_coverage_of_equal_distributions_is_as_noted(evidence):
    found = [scores(evidence, torch.randn(60, 3), torch.randn(50, 3), k=3)["coverage"] for _ in range(200)]
    expected = float(found[0].note.split("equal distributions give ")[1].split()[0])
    values = np.array([each.value for each in found])
    assert values.mean() == pytest.approx(expected, abs=4 * values.std() / np.sqrt(len(values)))


def test_too_few_samples(evidence):
    with pytest.raises(UserError, match="k=5 nearest neighbors need at least 6 samples"):
        precision_recall(evidence(torch.randn(5, 2), torch.randn(50, 2)))


def test_collapsed_set_is_a_number(evidence):
    ours = scores(evidence, torch.randn(50, 4), torch.zeros(40, 4))
    assert ours["recall"].value == 0.0
    ours = scores(evidence, torch.ones(20, 4), torch.ones(20, 4))
    assert all(np.isfinite(each.value) for each in ours.values())
