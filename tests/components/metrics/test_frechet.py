import math

import numpy as np
import pytest
import scipy.linalg
import torch
from cleanfid.fid import frechet_distance as cleanfid_distance
from pytorch_fid.fid_score import calculate_frechet_distance
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from landscape.components.metrics import frechet as module
from landscape.components.metrics._moments import Moments, moments
from landscape.components.metrics.frechet import equal_floor, frechet, frechet_standard_error, frechet_terms
from landscape.core.errors import UserError


def distance(real, fake):
    return frechet_terms(moments(real), moments(fake)).distance


def numpy_moments(features):
    values = features.double().numpy()
    return values.mean(axis=0), np.cov(values, rowvar=False)


def test_moments_equal_numpy(feature_sets):
    real, _ = feature_sets
    found, (mean, covariance) = moments(real), numpy_moments(real)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-13)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("theirs", [calculate_frechet_distance, cleanfid_distance], ids=["pytorch-fid", "clean-fid"])
def test_equals_packages(feature_sets, theirs):
    real, fake = feature_sets
    expected = theirs(*numpy_moments(real), *numpy_moments(fake))
    assert distance(real, fake) == pytest.approx(expected, rel=1e-6)


def test_equals_torch_fidelity(feature_sets):
    # float64 is needed, because torch-fidelity takes the mean of float32 features in float32 (an error of 4e-6 of the distance here).
    statistics = [fid_features_to_statistics(each.double()) for each in feature_sets]
    expected = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert distance(*feature_sets) == pytest.approx(expected, rel=1e-6)


def test_terms_are_those_of_diagonal_gaussians():
    # For two Gaussians with diagonal covariances, the distance is |m1 - m2|^2 + sum (s1 - s2)^2.
    one = Moments(torch.tensor([1.0, 2.0]).double(), torch.diag(torch.tensor([4.0, 9.0]).double()), 100)
    two = Moments(torch.tensor([0.0, 0.0]).double(), torch.diag(torch.tensor([1.0, 1.0]).double()), 100)
    terms = frechet_terms(one, two)
    assert (terms.mean, terms.covariance) == pytest.approx((5.0, 1.0 + 4.0))


def test_symmetric_and_zero_for_itself(feature_sets):
    real, fake = feature_sets
    assert distance(real, fake) == pytest.approx(distance(fake, real), rel=1e-9)
    assert distance(real, real) == pytest.approx(0, abs=1e-9)


def test_rank_deficient_covariances_equal_their_nuclear_norm():
    real, fake = torch.randn(20, 50), torch.randn(25, 50) * 2
    x, y = (np.asarray(each.double() - each.double().mean(0)) / math.sqrt(len(each) - 1) for each in (real, fake))
    # tr (S1 S2)^(1/2) is the sum of the singular values of X Y' for S1 = X'X and S2 = Y'Y.
    expected = np.sum((real.double() - 0).mean(0).sub(fake.double().mean(0)).numpy() ** 2) + (x**2).sum() + (y**2).sum()
    expected -= 2 * scipy.linalg.svdvals(x @ y.T).sum()
    assert distance(real, fake) == pytest.approx(expected, rel=1e-7)


def test_constant_feature_takes_the_other_route():
    real, fake = torch.randn(100, 5), torch.randn(100, 5)
    real[:, 2] = fake[:, 2] = 1.0
    keep = [0, 1, 3, 4]
    terms = frechet_terms(moments(real), moments(fake))
    assert not terms.full_rank
    assert terms.distance == pytest.approx(distance(real[:, keep], fake[:, keep]), rel=1e-7)


def test_names_and_note(evidence):
    real, fake = torch.randn(100, 4), torch.randn(90, 4)
    assert set(frechet(evidence(real, fake))) == {"FD[x]", "FD_mean[x]", "FD_covariance[x]"}
    found = frechet(evidence(real, fake, is_fid=True))
    assert set(found) == {"FID", "FID_mean", "FID_covariance"}
    assert found["FID"].value == pytest.approx(found["FID_mean"].value + found["FID_covariance"].value)
    assert "biased upwards at N = 100 and 90" in found["FID"].note
    assert found["FID"].interval is not None
    assert frechet(evidence(real, fake), interval=False)["FD[x]"].interval is None


def test_value_is_the_same_with_and_without_an_interval(evidence):
    real, fake = torch.randn(500, 20), torch.randn(400, 20) * 1.3
    with_interval, without = (frechet(evidence(real.clone(), fake.clone()), interval=wanted) for wanted in (True, False))
    for name, estimate in without.items():
        assert with_interval[name].value == pytest.approx(estimate.value, rel=1e-12)


def test_some_samples_are_enough_for_the_error(monkeypatch):
    real, fake = torch.randn(6000, 10), torch.randn(5000, 10) * 1.2 + 0.1
    one, two = moments(real), moments(fake)
    every, _ = frechet_standard_error(real, fake, one, two)
    monkeypatch.setattr(module, "ENOUGH", 1999)
    some, _ = frechet_standard_error(real, fake, one, two)
    assert some != every
    assert some == pytest.approx(every, rel=0.1)


def test_rank_deficient_gets_no_interval_and_says_so(evidence):
    found = frechet(evidence(torch.randn(10, 40), torch.randn(10, 40)))["FD[x]"]
    assert found.interval is None
    assert "rank-deficient" in found.note


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.1, 1.05), (0.3, 1.2)])
def test_interval_covers_the_expectation_at_these_sizes(shift, scale):
    distances, errors, floors = [], [], []
    for _ in range(150):
        real, fake = torch.randn(400, 8), torch.randn(300, 8) * scale + shift
        one, two = moments(real), moments(fake)
        terms = frechet_terms(one, two)
        distances.append(terms.distance)
        errors.append(frechet_standard_error(real, fake, one, two)[0])
        floors.append(equal_floor(terms.roots, 400, 300))
    distances, errors = np.array(distances), np.array(errors)
    covered = np.abs(distances - distances.mean()) < 1.96 * errors
    assert covered.mean() > 0.93
    if shift == 0:
        assert np.mean(floors) == pytest.approx(distances.mean(), rel=0.05)


def lognormal(count, width):
    return torch.randn(count, width).exp()


def student_5(count, width):
    """Vectors whose length follows Student's t with 5 degrees of freedom."""
    return torch.randn(count, width) / torch.randn(count, 5).square().mean(dim=1, keepdim=True).sqrt()


def heaviest(count, width):
    """Lognormal vectors of lognormal length."""
    return torch.randn(count, width).exp() * torch.randn(count, 1).exp()


def shares_covered(evidence, make, count, width, scale, repetitions):
    """(share of intervals that hold the expectation, share of sets that got an interval)."""
    found = [frechet(evidence(make(count, width), make(count, width) * scale))["FD[x]"] for _ in range(repetitions)]
    mean = np.mean([each.value for each in found])
    given = [each for each in found if each.interval is not None]
    return np.mean([each.interval[0] <= mean <= each.interval[1] for each in given]), len(given) / repetitions


@pytest.mark.parametrize(("make", "scale"), [(lognormal, 1.0), (lognormal, 1.3), (student_5, 1.3)])
def test_interval_covers_for_heavy_tails(evidence, make, scale):
    covered, given = shares_covered(evidence, make, 300, 8, scale, 150)
    assert covered > 0.9
    assert given > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("make", [lognormal, student_5, torch.randn])
@pytest.mark.parametrize(("count", "width"), [(100, 8), (300, 8), (300, 32), (1000, 8)])
@pytest.mark.parametrize("scale", [1.0, 1.3])
def test_interval_covers_for_heavy_tails_in_many_repetitions(evidence, make, count, width, scale):
    covered, _ = shares_covered(evidence, make, count, width, scale, 600)
    assert covered > 0.92


def test_heaviest_tails_get_no_interval_and_the_note_says_so(evidence):
    _, given = shares_covered(evidence, heaviest, 300, 8, 1.0, 40)
    assert given < 0.4
    found = [frechet(evidence(heaviest(300, 8), heaviest(300, 8)))["FD[x]"] for _ in range(5)]
    assert any("a few samples of heavy tails decide its width" in each.note for each in found if each.interval is None)


def noted(estimate):
    return float(estimate.note.split("would give about ")[1].split()[0].rstrip(";"))


@pytest.mark.parametrize("make", [torch.randn, lambda count, width: torch.randn(count, width).relu() * torch.rand(count, width)])
def test_the_note_says_what_equal_distributions_give(evidence, make):
    found = [frechet(evidence(make(300, 12), make(200, 12)))["FD[x]"] for _ in range(60)]
    values = np.array([each.value for each in found])
    assert np.mean([noted(each) for each in found]) == pytest.approx(values.mean(), rel=0.08)


def test_the_note_knows_of_stratified_splits(evidence):
    """Of ten labels far apart, a set with as many of each varies less than one drawn freely, and lies nearer to other sets."""
    centers = torch.randn(10, 6) * 3
    labels = torch.arange(300) % 10

    def drawn(classes):
        return centers[classes] + torch.randn(len(classes), 6)

    found = []
    for _ in range(80):
        given = evidence(drawn(labels), drawn(torch.randint(10, (300,))), labels=(labels, None), real_is_stratified=True)
        found.append(frechet(given)["FD[x]"])
    values = np.array([each.value for each in found])
    assert np.mean([noted(each) for each in found]) == pytest.approx(values.mean(), rel=0.1)
    free = frechet(evidence(drawn(labels), drawn(labels)))["FD[x]"]
    assert noted(free) > 1.5 * values.mean()


@pytest.mark.parametrize(("rank", "jitter"), [(10, 1e-7), (10, 1e-5), (3, 1e-6)])
def test_collapsed_set_has_a_finite_interval_that_covers(rank, jitter):
    # These are features of a collapsed generator: a few directions, and float32's rounding errors in the others.
    directions = torch.randn(rank, 64)
    found = []
    for _ in range(240):
        real, fake = torch.randn(300, 64), torch.randn(300, rank) @ directions + jitter * torch.randn(300, 64)
        one, two = moments(real), moments(fake)
        found.append((frechet_terms(one, two).distance, frechet_standard_error(real, fake, one, two)))
    distances, errors = np.array([(distance, error[0]) for distance, error in found if error is not None]).T
    assert len(distances) > 200
    assert np.isfinite(errors).all()
    # 0.95 is expected. Its standard deviation over 240 draws is 0.014.
    assert (np.abs(distances - distances.mean()) < 1.96 * errors).mean() > 0.9


@pytest.mark.parametrize(
    ("real", "fake", "says"),
    [
        (torch.zeros(1, 3), torch.zeros(5, 3), "at least 2 real samples"),
        (torch.zeros(5, 3), torch.zeros(0, 3), "at least 2 generated samples"),
        (torch.zeros(5, 3), torch.zeros(5, 4), "do not compare"),
        (torch.zeros(5, 3), torch.full((5, 3), math.nan), "5 of 5 generated features hold NaN"),
        (torch.full((5, 3), math.inf), torch.zeros(5, 3), "5 of 5 real features hold NaN or infinity"),
        (None, torch.zeros(5, 3), "needs real features"),
        (torch.zeros(5, 3, 2), torch.zeros(5, 3, 2), "do not compare"),
    ],
)
def test_bad_input_is_one_line(evidence, real, fake, says):
    with pytest.raises(UserError, match=says) as caught:
        frechet(evidence(real, fake))
    assert "\n" not in str(caught.value)


def test_identical_samples_give_zero(evidence):
    found = frechet(evidence(torch.ones(10, 3), torch.ones(12, 3)))["FD[x]"]
    assert found.value == 0
    assert found.interval is None
