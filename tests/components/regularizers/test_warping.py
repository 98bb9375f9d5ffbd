"""Affine maps of images against SciPy, the filter against its wavelet, and the distributions of the maps that adaptive augmentation draws."""

import math

import numpy as np
import pytest
import scipy.ndimage
import torch

from landscape.components.regularizers import _invertible as changes
from landscape.components.regularizers._warping import SYM6, warped
from landscape.core.errors import UserError

ONE = torch.tensor(1.0)


def test_the_filter_is_the_wavelet_it_is_named_after():
    """It is orthogonal to its even shifts, its sum is the square root of 2, and its high-pass partner has six vanishing moments."""
    taps = np.array(SYM6)
    products = np.correlate(taps, taps, "full")[1::2]
    np.testing.assert_allclose(products, np.eye(1, 11, 5)[0], atol=1e-10)
    assert taps.sum() == pytest.approx(math.sqrt(2))
    alternating = taps * (-1.0) ** np.arange(12)
    for power in range(6):
        assert alternating @ np.arange(-6, 6.0) ** power == pytest.approx(0, abs=1e-6)
    assert abs(alternating @ np.arange(-6, 6.0) ** 6) > 1


@pytest.mark.parametrize("shape", [(4, 4), (4, 9), (16, 16)])
def test_the_identity_and_whole_pixels_leave_images_as_they_are(shape):
    torch.manual_seed(13)
    images = torch.rand(2, 3, *shape, dtype=torch.float64)
    maps = torch.eye(2, 3, dtype=torch.float64).repeat(2, 1, 1)
    np.testing.assert_allclose(warped(images, maps).numpy(), images.numpy(), atol=1e-9)
    maps[0, 0, 2], maps[1, 1, 2] = 2, -1  # The result at x is the image at x + 2; the second at y - 1.
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (3, 3), (3, 3)), mode="reflect")
    height, width = shape
    found = warped(images, maps).numpy()
    expected = padded[0, :, 3 : 3 + height, 5 : 5 + width], padded[1, :, 2 : 2 + height, 3 : 3 + width]
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine[:, 2:10, 2:10], theirs[:, 2:10, 2:10], atol=1e-9 if shape == (16, 16) else 0.01)
        # The filter is not quite symmetric, and the reflection far out is that of the filtered image.
        np.testing.assert_allclose(mine, theirs, atol=0.01)


def smooth(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    return np.exp(-((x - 3) ** 2 + (y + 2) ** 2) / 30) + 0.5 * np.exp(-((x + 4) ** 2 + (y - 1) ** 2) / 20) + 0.01 * x


@pytest.mark.parametrize("shape", [(32, 32), (24, 40)])
@pytest.mark.parametrize(
    ("angle", "scale", "stretch", "move"),
    [
        (0.0, 1.0, 1.0, (0.5, -2.25)),
        (0.7, 1.0, 1.0, (0, 0)),
        (math.pi, 1.0, 1.0, (0, 0)),
        (0.0, 1.4, 1.0, (0, 0)),
        (-2.1, 0.7, 1.3, (3.4, -1.6)),
    ],
)
def test_maps_against_scipy(angle, scale, stretch, move, shape):
    """SciPy's splines of order 5 on a smooth image; it counts (row, column) from the first pixel."""
    image = smooth(*shape)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = turn @ np.diag([1 / stretch, stretch]) / scale
    inverse = np.concatenate([linear, np.array(move)[:, None]], 1)
    found = warped(torch.from_numpy(image)[None, None], torch.from_numpy(inverse)[None])[0, 0].numpy()
    center = (np.array(shape) - 1) / 2
    matrix = linear[::-1, ::-1]
    offset = center + np.array(move)[::-1] - matrix @ center
    expected = scipy.ndimage.affine_transform(image, matrix, offset=offset, order=5, mode="mirror")
    assert np.abs(found - expected).max() < 0.012
    assert np.sqrt(((found - expected) ** 2).mean()) < 0.0015
    assert np.abs(found - image).max() > 0.1


def test_images_without_room_for_the_filter_are_refused():
    with pytest.raises(UserError, match="3 x 5 pixels are too small"):
        warped(torch.rand(1, 1, 3, 5), torch.eye(2, 3)[None])


def test_maps_have_the_papers_distributions():
    """Scale, stretch, turns and moves are read off the maps: from the determinant, the singular values and the preimage of the center."""
    torch.manual_seed(1)
    maps = changes.inverse_maps(torch.zeros(20_000, 1, 10, 30, dtype=torch.float64), ONE).numpy()
    linear = maps[:, :, :2]
    scale = np.log2(np.linalg.det(linear)) / -2
    assert scale.mean() == pytest.approx(0, abs=0.01)
    assert scale.std() == pytest.approx(0.2, rel=0.03)
    values = np.linalg.svd(linear, compute_uv=False)
    stretch = np.log2(values[:, 0] / values[:, 1]) / 2
    assert np.sqrt((stretch**2).mean()) == pytest.approx(0.2, rel=0.03)
    moved = -np.linalg.solve(linear, maps[:, :, 2:])[:, :, 0]
    assert moved.std(0) == pytest.approx([0.125 * 30, 0.125 * 10], rel=0.03)
    assert moved.mean(0) == pytest.approx([0, 0], abs=0.1)
    sides = np.linalg.svd(linear)
    for turns in (sides.U, sides.Vh):
        angles = np.arctan2(turns[:, 1, 0], turns[:, 0, 0])
        # The axes of an ellipse are known up to their signs and their order.
        assert np.histogram(angles % (math.pi / 2), bins=4)[0] == pytest.approx([5000] * 4, rel=0.06)


def test_a_turn_without_the_other_changes_is_a_turn():
    torch.manual_seed(2)
    maps = changes.inverse_maps(torch.zeros(20_000, 1, 8, 8), torch.tensor(0.2)).double()
    alone = (maps[:, :, 2] == 0).all(1) & ((torch.linalg.det(maps[:, :, :2]) - 1).abs() < 1e-6)
    linear = maps[alone][:, :, :2]
    isometry = (linear @ linear.mT - torch.eye(2)).abs().amax((1, 2)) < 1e-5
    turned = isometry & (linear != torch.eye(2)).flatten(1).any(1)
    # Of those that are not moved and scaled, 0.8 are not stretched, and of these 0.2 are turned.
    assert turned.sum().item() / len(linear) == pytest.approx(0.8 * 0.2, abs=0.015)
    angles = torch.atan2(linear[turned][:, 1, 0], linear[turned][:, 0, 0])
    assert angles.histc(4, -math.pi, math.pi).tolist() == pytest.approx([turned.sum().item() / 4] * 4, rel=0.15)
