import numpy as np
import pytest
import torch
from prdc import compute_prdc
from sklearn.datasets import load_digits
from torch_fidelity.metric_prc import prc_features_to_metric

from landscape.components.metrics import _clouds
from landscape.components.metrics._neighbors import neighborhoods
from landscape.components.metrics.density_coverage import density_coverage
from landscape.components.metrics.precision_recall import precision_recall
from landscape.core.errors import UserError

NAMES = ("precision", "recall", "density", "coverage")


def scores(evidence, real, fake, **options):
    """All four by the strict rule of the prdc package, unless `border` says otherwise."""
    options = {"border": "outside"} | options
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


def binarized_digits():
    """Two sets of 360 black-and-white digits: distances are whole numbers, and many of them tie."""
    digits = torch.tensor((load_digits().data > 8).astype(np.float32))[torch.randperm(1797, generator=torch.Generator().manual_seed(0))]
    return digits[:360], digits[360:720]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("border", ["inside", "outside"])
def test_ties_are_decided_exactly(evidence, border, precision):
    real, fake = binarized_digits()
    ours = scores(evidence, real, fake, k=3, precision=precision, border=border)
    squared = [((a[:, None] - b[None]) ** 2).sum(dim=2).long() for a, b in ((real, real), (fake, fake), (real, fake))]
    radii = [each.sort(dim=1).values[:, 3] for each in squared[:2]]  # the sample itself comes first
    within = torch.le if border == "inside" else torch.lt
    of_real, of_fake = within(squared[2], radii[0][:, None]), within(squared[2], radii[1][None])
    expected = {
        "precision": of_real.any(dim=0).double().mean(),
        "recall": of_fake.any(dim=1).double().mean(),
        "density": of_real.sum() / (3 * 360),
        "coverage": of_real.any(dim=1).double().mean(),
    }
    for name in NAMES:
        assert ours[name].value == pytest.approx(float(expected[name]), rel=1e-7), name
    if border == "outside":
        theirs = compute_prdc(real.double().numpy(), fake.double().numpy(), 3)
        assert float(expected["precision"]) == pytest.approx(theirs["precision"])


def test_each_follows_the_rule_of_its_source(evidence):
    """Precision and recall count the border as the paper does; density and coverage do not, as the prdc package of their authors."""
    real, fake = binarized_digits()
    given = evidence(real, fake)
    found = precision_recall(given, k=3) | density_coverage(given, k=3)
    prdc = compute_prdc(real.double().numpy(), fake.double().numpy(), 3)
    fidelity = prc_features_to_metric(
        fake.double(), real.double(), prc_neighborhood=3, prc_batch_size=1000, save_cpu_ram=False, verbose=False
    )
    assert found["density[x]"].value == pytest.approx(prdc["density"])
    assert found["coverage[x]"].value == pytest.approx(prdc["coverage"])
    assert found["precision[x]"].value == pytest.approx(fidelity["precision"])
    assert found["recall[x]"].value == pytest.approx(fidelity["recall"])
    assert found["precision[x]"].value > prdc["precision"] + 0.01


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_samples_that_occur_more_than_k_times(evidence, precision):
    """Every ball has radius 0: it holds its own copies by the paper's rule, nothing by the strict one, and the note says so."""
    one = torch.randn(30, 8, generator=torch.Generator().manual_seed(0)).repeat_interleave(10, dim=0)
    given = evidence(one, one.clone())
    found = precision_recall(given, precision=precision) | density_coverage(given, precision=precision)
    assert [found[f"{name}[x]"].value for name in NAMES] == [1, 1, 0, 0]
    assert "100% of the real and 100% of the generated balls have radius 0" in found["recall[x]"].note
    assert "hold their own copies alone" in found["recall[x]"].note
    assert "hold nothing" in found["coverage[x]"].note
    assert density_coverage(given, precision=precision, border="inside")["density[x]"].value == 2  # ten copies, over k = 5
    few = precision_recall(evidence(torch.cat([one[:20] + 1, torch.randn(30, 8)]), torch.randn(40, 8)), precision=precision)["recall[x]"]
    assert "40% of the real and 0% of the generated" in few.note
    assert "radius 0" not in precision_recall(evidence(torch.randn(30, 8), torch.randn(40, 8)), precision=precision)["recall[x]"].note


def test_features_of_float64_far_from_zero_are_centered_before_they_are_cast(evidence):
    real, fake = torch.randn(60, 4, dtype=torch.float64), torch.randn(50, 4, dtype=torch.float64)
    near, far = scores(evidence, real, fake), scores(evidence, real + 2.0**30, fake + 2.0**30)
    for name in NAMES:
        assert far[name].value == near[name].value


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
    ours = scores(evidence, real, fake, k=3, border="inside")
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
    assert len(ours) == 4
    assert all(np.isfinite(each.value) for each in ours.values())
