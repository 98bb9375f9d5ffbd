import math

import numpy as np
import pytest
import torch
from cleanfid.fid import kernel_distance
from torch_fidelity.metric_kid import kid_features_to_metric

from landscape.components.metrics import _clouds
from landscape.components.metrics import kid as module
from landscape.components.metrics._clouds import cloud
from landscape.components.metrics._mmd import polynomial, rbf
from landscape.components.metrics.kid import draw_blocks, draw_subsets, full_mmd, kid, subset_mmd
from landscape.core.errors import UserError


def clouds(real, fake):
    return cloud(real, real, "float64"), cloud(fake, real, "float64")


def direct_mmd(x, y, kernel):
    """Compute the unbiased estimator by its definition in NumPy."""
    x, y = x.double().numpy(), y.double().numpy()
    xx, yy, xy = kernel(x, x), kernel(y, y), kernel(x, y)
    n, m = len(x), len(y)
    return (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1)) - 2 * xy.mean()


def cubic(x, y):
    return (x @ y.T / x.shape[1] + 1) ** 3


@pytest.mark.parametrize("subsets", [5, 60], ids=["subset by subset", "one pass over all pairs"])
def test_equals_torch_fidelity_with_the_same_subsets(feature_sets, subsets):
    real, fake = (each.double() for each in feature_sets)
    size = len(real) // 3
    theirs = kid_features_to_metric(fake, real, kid_subsets=subsets, kid_subset_size=size, rng_seed=11, verbose=False)
    found = subset_mmd(*clouds(real, fake), draw_subsets(len(fake), len(real), size, subsets, 11), polynomial(3, 1 / real.shape[1], 1.0))
    assert found.values.mean() == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)
    assert found.values.std() == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-9)


def test_registered_equals_torch_fidelity(evidence, feature_sets):
    real, fake = feature_sets
    theirs = kid_features_to_metric(fake.double(), real.double(), kid_subsets=10, kid_subset_size=30, rng_seed=5, verbose=False)
    found = kid(evidence(real, fake, seed=5), subsets=10, subset_size=30, precision="float64")["KID[x]"]
    assert found.value == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)
    assert kid(evidence(real, fake, seed=5), subsets=10, subset_size=30)["KID[x]"].value == pytest.approx(found.value, rel=1e-4)


def test_equals_torch_fidelity_with_the_rbf_kernel(feature_sets):
    real, fake = (each.double() for each in feature_sets)
    options = {"kid_kernel": "rbf", "kid_kernel_rbf_sigma": 2.0, "kid_subsets": 4, "kid_subset_size": 40, "rng_seed": 2, "verbose": False}
    theirs = kid_features_to_metric(fake, real, **options)
    found = subset_mmd(*clouds(real, fake), draw_subsets(len(fake), len(real), 40, 4, 2), rbf(2.0))
    assert found.values.mean() == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-8)


def test_equals_clean_fid_where_its_subset_is_the_whole_set():
    real, fake = torch.randn(80, 12).double(), (torch.randn(80, 12) + 0.5).double()
    theirs = kernel_distance(real.numpy(), fake.numpy(), num_subsets=1)
    assert full_mmd(*clouds(real, fake), polynomial(3, 1 / 12, 1.0)).values[0] == pytest.approx(theirs, rel=1e-9)


def test_tiles_add_up(monkeypatch):
    real, fake = torch.randn(50, 6), torch.randn(71, 6) * 1.2
    expected = direct_mmd(fake, real, cubic)
    monkeypatch.setattr(_clouds, "TILE", 16)
    found = full_mmd(*clouds(real, fake), polynomial(3, 1 / 6, 1.0))
    assert found.values[0] == pytest.approx(expected, rel=1e-10)
    draws = draw_subsets(71, 50, 20, 60, 0)
    each = [direct_mmd(fake[i], real[j], cubic) for i, j in draws]
    # The public function chooses this way of computing by size, so that a small test must call it directly.
    np.testing.assert_allclose(module._from_all_pairs(*clouds(real, fake), draws, polynomial(3, 1 / 6, 1.0)).values, each, rtol=1e-9)


def test_blocks_use_every_sample_once():
    draws = draw_blocks(103, 99, 20, seed=0)
    assert len(draws) == 6
    for side, count in ((0, 103), (1, 99)):
        assert sorted(np.concatenate([draw[side] for draw in draws])) == list(range(count))


def expected_cubic(one_mean, one_scale, two_mean, two_scale, width=4):
    """Return E (x.y / d + 1)^3 for x ~ N(m1, s1^2 I) and y ~ N(m2, s2^2 I), from their first three moment tensors."""

    def tensors(mean, scale):
        mean, eye = np.full(width, float(mean)), np.eye(width) * scale**2
        third = np.einsum("i,j,k->ijk", mean, mean, mean)
        third += np.einsum("i,jk->ijk", mean, eye) + np.einsum("j,ik->ijk", mean, eye) + np.einsum("k,ij->ijk", mean, eye)
        return mean, np.outer(mean, mean) + eye, third

    first, second, third = ((a * b).sum() for a, b in zip(tensors(one_mean, one_scale), tensors(two_mean, two_scale), strict=True))
    return third / width**3 + 3 * second / width**2 + 3 * first / width + 1


@pytest.mark.parametrize("estimator", ["subsets", "blocks", "full"])
@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.2, 1.1)])
def test_unbiased_and_interval_covers(evidence, estimator, shift, scale):
    size = {"subsets": 100, "blocks": 60, "full": None}[estimator]
    exact = expected_cubic(shift, scale, shift, scale) + expected_cubic(0, 1, 0, 1) - 2 * expected_cubic(shift, scale, 0, 1)
    found = [
        kid(evidence(torch.randn(400, 4), torch.randn(350, 4) * scale + shift), estimator=estimator, subset_size=size, subsets=20)["KID[x]"]
        for _ in range(100)
    ]
    values = np.array([each.value for each in found])
    assert abs(values.mean() - exact) < 3 * values.std() / math.sqrt(len(values))
    covered = [each.interval[0] < exact < each.interval[1] for each in found]
    assert np.mean(covered) > 0.9


def test_few_blocks_give_no_interval(evidence):
    found = kid(evidence(torch.randn(100, 3), torch.randn(100, 3)), estimator="blocks", subset_size=30)["KID[x]"]
    assert found.interval is None


def test_default_subset_is_what_there_is(evidence):
    found = kid(evidence(torch.randn(50, 3), torch.randn(40, 3)))["KID[x]"]
    assert "100 random subsets of 40" in found.note


@pytest.mark.parametrize(
    ("options", "says"),
    [({"subset_size": 51}, "subset_size=51 is more than the 50"), ({"kernel": "rbf"}, "median distance")],
)
def test_bad_input(evidence, options, says):
    with pytest.raises(UserError, match=says):
        kid(evidence(torch.ones(50, 3), torch.ones(60, 3)), **options)


def test_nan(evidence):
    with pytest.raises(UserError, match="hold NaN"):
        kid(evidence(torch.ones(50, 3), torch.full((50, 3), torch.nan)))


def test_variance_knows_which_set_is_the_smaller():
    found = []
    for _ in range(400):
        real, fake = torch.randn(400, 4), torch.randn(40, 4) * 1.5
        found.append(full_mmd(*clouds(real, fake), polynomial(3, 1 / 4, 1.0)))
    spread = np.var([each.values[0] for each in found])
    # The standard deviation of a variance over 400 draws of a skewed estimate is about a tenth of it. Swapped sizes give a fifth.
    assert np.mean([each.variance for each in found]) == pytest.approx(spread, rel=0.4)


@pytest.mark.parametrize("estimator", ["subsets", "full", "blocks"])
def test_one_tensor_as_both_sets(evidence, estimator):
    features = torch.randn(60, 8)
    how = {"estimator": estimator, "subset_size": 60 if estimator != "blocks" else 30}
    # Products may be rounded otherwise where a copy lies at another address: in float32 by at most 2.6e-7 in 300 draws.
    for precision, near in (("float64", 1e-12), ("float32", 1e-6)):
        (apart,), (one,) = (kid(evidence(features, other), precision=precision, **how).values() for other in (features.clone(), features))
        assert one.value == pytest.approx(apart.value, rel=near)
        assert one.interval == (None if apart.interval is None else pytest.approx(apart.interval, rel=near))
