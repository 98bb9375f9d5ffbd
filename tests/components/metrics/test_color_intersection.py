"""How much the colors of generated images overlap with those of real images."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2hsv, rgb2lab

from landscape.components.metrics.color_intersection import color_intersection, histograms, intersection, lab, saturation
from landscape.core.errors import UserError


def pictures(n, seed, strength=1.0):
    """Return images [n, 3, 8, 8] uint8 whose colors keep the share `strength` of their distance from gray."""
    generator = torch.Generator().manual_seed(seed)
    base = torch.rand(n, 3, 1, 1, generator=generator) + 0.1 * torch.rand(n, 3, 8, 8, generator=generator)
    gray = base.mean(1, keepdim=True)
    return (((gray + strength * (base - gray)).clamp(0, 1.1) / 1.1) * 255).byte()


def test_colors_are_those_of_scikit_image():
    images = torch.randint(0, 256, (2, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    images[0, :, 0, 0] = 0
    scaled = images.double() / 255
    for image, ours, colors in zip(scaled, saturation(scaled), lab(scaled), strict=True):
        np.testing.assert_allclose(ours.numpy(), rgb2hsv(image.permute(1, 2, 0).numpy())[..., 1], atol=1e-12)
        np.testing.assert_allclose(colors.permute(1, 2, 0).numpy(), rgb2lab(image.permute(1, 2, 0).numpy()), atol=2e-3)


def test_shares_are_those_of_numpy(evidence):
    real, fake = pictures(30, 0), pictures(20, 1, 0.5)
    found = color_intersection(evidence(real_images=real, fake_images=fake), bins=20)
    edges = {"saturation": (0, 1), "L": (0, 100), "a": (-110, 110), "b": (-110, 110)}
    for place, (name, ends) in enumerate(edges.items()):
        shares = []
        for images in (real, fake):
            scaled = images.permute(0, 2, 3, 1).numpy() / 255
            values = rgb2hsv(scaled)[..., 1] if place == 0 else rgb2lab(scaled)[..., place - 1]
            counts, _ = np.histogram(values, bins=20, range=ends)
            shares.append(counts / counts.sum())
        # A pixel on the border of two bins may fall on either side by rounding: one of 1,280 is 8e-4.
        assert found[f"{name}_intersection"].value == pytest.approx(np.minimum(*shares).sum(), abs=2e-3)


def test_equal_sets_overlap_wholly_and_grayish_ones_hardly(evidence):
    real = pictures(100, 0)
    same = color_intersection(evidence(real_images=real, fake_images=real))
    assert all(found.value == pytest.approx(1.0) for found in same.values())
    other = color_intersection(evidence(real_images=real, fake_images=pictures(100, 1)))
    grayish = color_intersection(evidence(real_images=real, fake_images=pictures(100, 1, 0.2)))
    assert other["saturation_intersection"].value > 0.8
    assert grayish["saturation_intersection"].value < 0.5
    assert grayish["saturation_intersection"].interval[1] < other["saturation_intersection"].interval[0]


def test_the_interval_covers_the_overlap_of_many_images():
    """The two sets differ, as models and data do. Where they are equal the score is biased and the interval does not hold."""
    big = [histograms(pictures(4000, seed, strength), 16)["saturation"] for seed, strength in ((0, 1.0), (1, 0.6))]
    truth, _ = intersection(*big)
    covered, repeats = 0, 300
    rng = torch.Generator().manual_seed(2)
    for _ in range(repeats):
        some = [rows[torch.randint(0, len(rows), (n,), generator=rng)] for rows, n in zip(big, (120, 40), strict=True)]
        value, error = intersection(*some)
        covered += abs(value - truth) <= 1.96 * error
    assert 0.92 <= covered / repeats <= 0.98


@pytest.mark.parametrize("shape", [(5, 1, 8, 8), (5, 2)])
def test_samples_without_color_are_refused(evidence, shape):
    real = torch.zeros(shape, dtype=torch.uint8)
    with pytest.raises(UserError, match="color_intersection needs color images, real samples are .*: leave the metric out"):
        color_intersection(evidence(real_images=real, fake_images=real))
