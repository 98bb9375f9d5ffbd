import gc
import weakref

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from landscape.components.metrics import _clouds, _neighbors, _search
from landscape.components.metrics._clouds import cloud
from landscape.components.metrics._neighbors import nearest, nearest_across, neighborhoods
from landscape.components.metrics._products import product
from landscape.components.metrics._search import Search
from landscape.components.metrics.kid import kid


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch):
    monkeypatch.setattr(_clouds, "TILE", 64)
    monkeypatch.setattr(_search, "LEAST_WIDTH", 64)


def spectrum(count, exponent, width=128):
    """Make features whose leading directions hold nearly all variance (exponent 1.5), or none more than the others (0)."""
    return torch.randn(count, width) * torch.arange(1, width + 1) ** -exponent


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("exponent", [1.5, 0.0])
def test_finds_every_near_pair(exponent, precision):
    real, fake = spectrum(64, exponent), spectrum(64, exponent)
    first, second = cloud(real, real, precision), cloud(fake, real, precision)
    expected = cdist(real.double(), fake.double()) ** 2
    # The reach is halfway between two neighbors, so that rounding decides nothing.
    row_reach = torch.from_numpy(np.sort(expected, axis=1)[:, 2:4].mean(axis=1)).to(first.norms)
    column_reach = torch.from_numpy(np.sort(expected, axis=0)[1:3].mean(axis=0)).to(first.norms)
    found = Search(first, second).near(slice(0, 64), slice(0, 64), row_reach, column_reach)
    i, j = np.nonzero((expected <= row_reach.numpy()[:, None]) | (expected <= column_reach.numpy()))
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) == set(zip(i.tolist(), j.tolist(), strict=True))
    # A distance that is computed from products has an error of a few roundings of the squared norms.
    rounding = 10 * torch.finfo(first.norms.dtype).eps * float(first.norms.max() + second.norms.max())
    np.testing.assert_allclose(found.squared, expected[found.first, found.second], rtol=1e-5, atol=rounding)


@pytest.mark.parametrize("exponent", [1.5, 0.0])
def test_nearest_equal_scipy(exponent):
    points, others = spectrum(150, exponent), spectrum(200, exponent)
    own = cdist(points.double(), points.double()) ** 2
    np.fill_diagonal(own, np.inf)
    found = nearest(cloud(points, points, "float64"), 4)
    np.testing.assert_allclose(found.squared, np.sort(own, axis=1)[:, :4], rtol=1e-9)
    np.testing.assert_array_equal(found.indices, np.argsort(own, axis=1)[:, :4])
    across = cdist(points.double(), others.double()) ** 2
    squared, index = nearest_across(cloud(points, points, "float64"), cloud(others, points, "float64"))
    np.testing.assert_allclose(squared, across.min(axis=1), rtol=1e-9)
    np.testing.assert_array_equal(index, across.argmin(axis=1))


def test_projection_spares_full_products_and_changes_nothing(monkeypatch):
    monkeypatch.setattr(_clouds, "TILE", 256)
    real, fake = spectrum(1280, 1.5), spectrum(1280, 1.5)
    tiles = []
    full = _search.squared_distances
    monkeypatch.setattr(_search, "squared_distances", lambda *given: tiles.append(given) or full(*given))
    with_projection = neighborhoods(real, fake, 3, "float64")
    assert len(tiles) < 10  # There are 45 tiles off the diagonals.
    monkeypatch.setattr(_search, "LEAST_WIDTH", 10**9)
    without = neighborhoods(real.clone(), fake.clone(), 3, "float64")
    assert len(tiles) > 45
    for field in ("balls", "members"):
        assert torch.equal(getattr(with_projection.real, field), getattr(without.real, field))
        assert torch.equal(getattr(with_projection.fake, field), getattr(without.fake, field))
    assert torch.equal(with_projection.shell, without.shell)
    assert torch.equal(with_projection.real_neighbors, without.real_neighbors)


def test_gives_up_where_it_rules_nothing_out():
    features = spectrum(128, 0.0)
    real = cloud(features, features, "float32")
    search = Search(real, real)
    assert search.heads is not None
    search.near(slice(0, 64), slice(64, 128), torch.full((64,), 200.0), None)
    assert search.heads is None


@pytest.mark.parametrize("exponent", [1.5, 0.0])
def test_products_of_a_kernel_distance_are_used_again(monkeypatch, evidence, exponent):
    monkeypatch.setattr(_clouds, "KEPT_WIDTH", 64)
    real, fake = spectrum(200, exponent) + 1, spectrum(150, exponent) + 1
    alone = neighborhoods(real.clone(), fake.clone(), 3, "float32")
    before = kid(evidence(real, fake), subset_size=150)["KID[x]"]
    made = []
    for module in (_clouds, _search):
        monkeypatch.setattr(module, "product", lambda *given: made.append(given) or product(*given))
    monkeypatch.setattr(_neighbors, "relative_error", lambda *given: 1e-6)  # It would be measured on products of its own.
    together = neighborhoods(real, fake, 3, "float32")
    assert not made
    for field in ("balls", "members"):
        assert torch.equal(getattr(alone.real, field), getattr(together.real, field))
        assert torch.equal(getattr(alone.fake, field), getattr(together.fake, field))
    assert torch.equal(alone.real_neighbors, together.real_neighbors)
    # The products that were reused are unchanged.
    assert kid(evidence(real, fake), subset_size=150)["KID[x]"] == before
    assert not made


def test_products_die_with_their_features(evidence, monkeypatch):
    monkeypatch.setattr(_clouds, "KEPT_WIDTH", 64)
    real, fake = spectrum(80, 1.0), spectrum(80, 1.0)
    kid(evidence(real, fake), subset_size=80)
    first, second = cloud(real, real, "float32"), cloud(fake, real, "float32")
    assert len(_clouds.kept(first, second)) == 4
    products = weakref.ref(next(iter(_clouds.kept(first, second).values())))
    del real, fake, first, second
    gc.collect()
    assert products() is None


def test_more_products_than_the_limit_are_not_kept(evidence, monkeypatch):
    monkeypatch.setattr(_clouds, "KEPT_WIDTH", 64)
    monkeypatch.setattr(_clouds, "KEPT_BYTES", 80 * 80 * 4 - 1)
    real, fake = spectrum(80, 1.0), spectrum(80, 1.0)
    kid(evidence(real, fake), subset_size=80)
    assert not _clouds.kept(cloud(real, real, "float32"), cloud(fake, real, "float32"))
