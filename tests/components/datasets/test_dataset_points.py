"""Synthetic data sets: published parameters, determinism, and polygons compared with the tools that the original used."""

import math

import numpy as np
import pytest
import torch

from landscape.components.datasets._drawing.polygons import rasterized, vertices
from landscape.components.datasets._load import load_dataset
from landscape.core.errors import UserError

SMALL = {"points": 2000, "held_out": 400}
POINTS = ("ring", "grid", "gaussian_1d", "swiss_roll", "veegan_1200d")


@pytest.mark.parametrize("name", POINTS)
def test_contract_of_points(name):
    points = load_dataset(name, SMALL)
    assert {n: len(s) for n, s in points.splits.items()} == {"train": 2000, "validation": 400, "test": 400}
    assert points.split("train").samples.dtype == torch.float32
    assert points.bounds is None
    assert points.split("train").samples.isfinite().all()
    assert load_dataset(name, SMALL).content_hash == points.content_hash
    other = load_dataset(name, {**SMALL, "seed": 1})
    assert other.content_hash != points.content_hash
    assert not torch.equal(points.split("validation").samples, points.split("test").samples)
    with pytest.raises(UserError, match="points, which have no resolution"):
        load_dataset(name, SMALL, resolution=8)


@pytest.mark.parametrize("name", ["ring", "grid", "swiss_roll"])
def test_as_many_points_as_the_sources_draw(name):
    assert len(load_dataset(name).split("train")) == 100_000


def spread_of(points):
    """Return the standard deviation around the modes, and the largest difference of a mode's share from 1 / modes."""
    train, centers = points.split("train"), points.modes.centers
    shares = torch.bincount(train.labels, minlength=len(centers)) / len(train)
    return (train.samples - centers[train.labels]).std().item(), (shares - 1 / len(centers)).abs().max().item()


@pytest.mark.parametrize(
    ("preset", "modes", "radius", "sigma"),
    [("pacgan", 8, 1, 0.01), ("wgan_gp", 8, 2 / 1.414, 0.02 / 1.414), ("unrolled", 8, 2, 0.02)],
)
def test_published_rings(preset, modes, radius, sigma):
    ring = load_dataset("ring", {"preset": preset})
    expected = [[radius * math.cos(2 * math.pi * i / modes), radius * math.sin(2 * math.pi * i / modes)] for i in range(modes)]
    torch.testing.assert_close(ring.modes.centers, torch.tensor(expected), atol=1e-6, rtol=1e-6)
    spread, imbalance = spread_of(ring)
    assert ring.modes.sigma == pytest.approx(sigma)
    # There are 200,000 coordinates, so the standard error of their deviation is sigma / sqrt(400,000).
    assert abs(spread / sigma - 1) < 5 / math.sqrt(400_000)
    assert imbalance <= 1 / 100_000
    assert ring.modes.radius_in_sigmas == 3


@pytest.mark.parametrize(("preset", "centers", "sigma"), [("normal", [0], 1.0), ("pair", [-2, 2], 0.5), ("five", [-4, -2, 0, 2, 4], 0.2)])
def test_gaussians_on_a_line(preset, centers, sigma):
    line = load_dataset("gaussian_1d", {"preset": preset})
    torch.testing.assert_close(line.modes.centers, torch.tensor(centers)[:, None].float())
    spread, imbalance = spread_of(line)
    assert line.modes.sigma == sigma
    assert abs(spread / sigma - 1) < 5 / math.sqrt(200_000)  # There are 100,000 points with one coordinate.
    assert imbalance <= 1 / 100_000


def test_the_notebook_ring_has_seven_modes_and_one_is_twice_as_heavy():
    ring = load_dataset("ring", {"preset": "unrolled_notebook", "points": 8000})
    # The angles go from 0 to 2 pi, with both ends included.
    angles = np.linspace(0, 2 * np.pi, 8)
    torch.testing.assert_close(
        ring.modes.centers, torch.tensor(np.stack([np.cos(angles), np.sin(angles)], 1)[:7], dtype=torch.float32), atol=1e-6, rtol=0
    )
    assert torch.bincount(ring.split("train").labels).tolist() == [2000] + [1000] * 6


@pytest.mark.parametrize(("preset", "spacing", "sigma"), [("pacgan", 2, 0.05), ("wgan_gp", 2 / 2.828, 0.05 / 2.828)])
def test_published_grids(preset, spacing, sigma):
    grid = load_dataset("grid", {"preset": preset})
    axis = [float(spacing * i) for i in (-2, -1, 0, 1, 2)]
    torch.testing.assert_close(grid.modes.centers, torch.tensor([[x, y] for x in axis for y in axis]), atol=1e-6, rtol=1e-6)
    spread, imbalance = spread_of(grid)
    assert abs(spread / sigma - 1) < 5 / math.sqrt(400_000)
    assert imbalance <= 1 / 100_000


def test_presets_can_be_changed():
    ring = load_dataset("ring", {"modes": 5, "radius": 3.0, "sigma": 0.5, **SMALL})
    assert ring.modes.centers.shape == (5, 2)
    assert ring.modes.centers.norm(dim=1).tolist() == pytest.approx([3.0] * 5)
    assert load_dataset("gaussian_1d", {"preset": "pair", "center": 1.0, **SMALL}).modes.centers.flatten().tolist() == [-1.0, 3.0]
    with pytest.raises(UserError, match="sigma=-1"):
        load_dataset("ring", {"sigma": -1.0})
    with pytest.raises(UserError, match="unknown hyperparameter of data set 'ring' 'radios': did you mean 'radius'"):
        load_dataset("ring", {"radios": 1.0})


def test_points_are_in_random_order():
    """The first samples are a fair sample, as protocols that take the first n assume."""
    labels = load_dataset("grid", SMALL).split("train").labels
    assert torch.bincount(labels[:1000], minlength=25).min() > 15


def test_swiss_roll_is_scikit_learns():
    from sklearn.datasets import make_swiss_roll

    theirs, _ = make_swiss_roll(2000, noise=0.25, random_state=np.random.RandomState(3))
    ours = load_dataset("swiss_roll", {**SMALL, "seed": 3}).split("train").samples
    np.testing.assert_allclose(ours, theirs[:, [0, 2]] / 7.5, rtol=1e-5, atol=1e-6)


def test_veegan_1200d_has_noise_in_700_coordinates_and_modes_that_real_points_reach():
    points = load_dataset("veegan_1200d", SMALL)
    assert points.shape == (1200,)
    assert points.classes == 10
    means = [-1, -0.5, 0, 0.5, -2, -2.5, 10, 0.25, -13, -5.5]
    torch.testing.assert_close(points.modes.centers, torch.tensor(means, dtype=torch.float32)[:, None].expand(10, 1200))
    train = points.split("train")
    noise = train.samples - points.modes.centers[train.labels]
    assert not noise[:, 700:].any()
    assert abs(noise[:, :700].std() - 1) < 0.01
    radius = points.modes.radius_in_sigmas * points.modes.sigma
    distance, nearest = torch.cdist(points.split("test").samples, points.modes.centers).min(1)
    assert (distance < radius).all()
    # The two closest modes are 8.7 apart. The nearest center is still the right one.
    assert torch.equal(nearest, points.split("test").labels)
    assert (distance > 10).all(), "the literal radius of 10 would count no real point"


@pytest.fixture
def triangles():
    return vertices(np.random.RandomState(0), 12, 3, 20.0, 0.75)


def drawn_by_the_originals_tools(corners, side=28, sub=8):
    """Draw as the published notebook does, with matplotlib's point-in-polygon on sub-pixels and scipy's convolution. Levels are in [0,
    1].
    """
    from matplotlib.path import Path
    from scipy.ndimage import convolve

    rows, columns = np.mgrid[0 : side * sub, 0 : side * sub]
    inside = Path(corners * sub).contains_points(np.column_stack((rows.ravel(), columns.ravel()))).reshape(side * sub, -1)
    blurred = convolve((~inside).astype(np.float32), np.ones((sub, sub)), mode="constant", cval=1.0)
    return blurred[::sub, ::sub] / sub**2


def test_polygons_are_those_of_the_originals_tools(triangles):
    ours = rasterized(triangles)
    theirs = np.stack([drawn_by_the_originals_tools(corners) for corners in triangles])
    np.testing.assert_array_equal(ours, np.rint(theirs * 255).astype(np.uint8))
    hexagons = vertices(np.random.RandomState(1), 6, 6, 10.0, 1.0)
    theirs = np.stack([drawn_by_the_originals_tools(corners) for corners in hexagons])
    np.testing.assert_array_equal(rasterized(hexagons), np.rint(theirs * 255).astype(np.uint8))


def test_an_upright_square_by_hand():
    """The edges are parallel to the axes, with corners at 8 and 20 pixels. The window is shifted by half a pixel, so edge pixels are partly
    covered.
    """
    square = np.array([[[8.0, 8.0], [20.0, 8.0], [20.0, 20.0], [8.0, 20.0]]])
    picture = rasterized(square)[0]
    assert picture[9:20, 9:20].max() == 0
    assert picture[:8].min() == 255
    # The window of pixel 8 has the sub-pixels 61..68. Of these, 64..68 are inside: 5 of 8 rows, all columns.
    assert picture[8, 12] == round(255 * (1 - 5 / 8))


def test_vertices_are_drawn_in_the_order_of_the_notebook():
    random = np.random.RandomState(0)
    corners = []
    for _ in range(5):
        angles = np.radians([i * 120 + 10 + random.rand() * 110 for i in range(3)])
        places = (np.stack([np.cos(angles), np.sin(angles)], 1) + 1) / 2
        turn = np.radians(random.rand() * 2 * np.pi)
        places = places @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * 21
        corners.append(places + 14 - places.mean(0))
    expected = np.array(corners)[random.permutation(5)]
    np.testing.assert_allclose(vertices(np.random.RandomState(0), 5, 3, 20.0, 0.75), expected, rtol=1e-12)


def test_convex_polygons_as_a_data_set():
    polygons = load_dataset("convex_polygons", {"count": 80})
    assert polygons.shape == (1, 28, 28)
    assert {name: len(split) for name, split in polygons.splits.items()} == {"train": 60, "validation": 10, "test": 10}
    expected = rasterized(vertices(np.random.RandomState(0), 80, 3, 20.0, 0.75))
    np.testing.assert_array_equal(polygons.split("train").samples[:, 0], expected[:60])
    np.testing.assert_array_equal(polygons.split("test").samples[:, 0], expected[60:70])
    with pytest.raises(UserError, match="2 sides at least 20 degrees apart do not exist"):
        load_dataset("convex_polygons", {"sides": 2})
    with pytest.raises(UserError, match="do not exist"):
        load_dataset("convex_polygons", {"sides": 30})


@pytest.mark.parametrize("name", ["ring", "grid", "swiss_roll", "gaussian_1d", "convex_polygons"])
def test_a_seed_that_the_generator_does_not_take_is_refused(name):
    with pytest.raises(UserError, match=r"seed=4294967296.*less than 4294967296"):
        load_dataset(name, {"seed": 2**32})


def test_too_few_polygons_for_three_splits_are_refused():
    with pytest.raises(UserError, match="count=7 leaves a split empty"):
        load_dataset("convex_polygons", {"count": 7})
    assert min(len(load_dataset("convex_polygons", {"count": 8}).split(split)) for split in ("train", "validation", "test")) == 1
