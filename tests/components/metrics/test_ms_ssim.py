import math

import numpy as np
import pytest
import pytorch_msssim
import torch
from scipy.ndimage import correlate1d
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as torchmetrics_ms_ssim

from landscape.components.metrics._intervals import normal_if_varied
from landscape.components.metrics.ms_ssim import WEIGHTS, group_similarity, ms_ssim, ms_ssim_of_pairs
from landscape.core.errors import UserError

PAIR = torch.arange(4)


def noisy_pairs(channels, height, width):
    base = torch.rand(1, channels, height, width) * 255
    images = (base + 40 * torch.randn(8, channels, height, width)).clamp(0, 255)
    return images[:4], images[4:]


def test_equals_pytorch_msssim_where_five_scales_fit():
    first, second = noisy_pairs(3, 192, 176)
    theirs = pytorch_msssim.ms_ssim(first, second, data_range=255, size_average=False)
    torch.testing.assert_close(ms_ssim_of_pairs(torch.cat([first, second]), PAIR, PAIR + 4), theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sides", [(181, 177), (190, 203)])
def test_equals_pytorch_msssim_at_odd_sides_in_its_variant(sides):
    first, second = noisy_pairs(3, *sides)
    theirs = pytorch_msssim.ms_ssim(first, second, data_range=255, size_average=False)
    ours = ms_ssim_of_pairs(torch.cat([first, second]), PAIR, PAIR + 4, variant="pytorch-msssim")
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(ms_ssim_of_pairs(torch.cat([first, second]), PAIR, PAIR + 4), theirs, atol=1e-4)


@pytest.mark.parametrize(("channels", "sides"), [(1, (176, 192)), (3, (176, 192)), (3, (181, 203))])
def test_equals_torchmetrics_in_its_variant(channels, sides):
    first, second = noisy_pairs(channels, *sides)
    theirs = torchmetrics_ms_ssim(first, second, data_range=255.0, reduction="none")
    ours = ms_ssim_of_pairs(torch.cat([first, second]), PAIR, PAIR + 4, variant="torchmetrics")
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def direct_ms_ssim(x, y):
    """Compute the original MS-SSIM in NumPy float64, for one pair of images with one channel."""
    result = 1.0
    for scale, weight in enumerate(WEIGHTS):
        if scale:
            x, y = (np.pad(each, [(0, side % 2) for side in each.shape], mode="symmetric") for each in (x, y))
            x, y = (each.reshape(each.shape[0] // 2, 2, each.shape[1] // 2, 2).mean(axis=(1, 3)) for each in (x, y))
        size = min(11, *x.shape)
        window = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / 1.5) ** 2)
        window /= window.sum()

        def blur(image, window=window, size=size):
            for axis in (0, 1):
                image = correlate1d(image, window, axis=axis, origin=-(size // 2) if size % 2 == 0 else 0, mode="constant")
                keep = image.shape[axis] - size + 1
                start = 0 if size % 2 == 0 else size // 2
                image = np.take(image, range(start, start + keep), axis=axis)
            return image

        if size % 2 == 0:  # An even window has no center, so its valid part is written out.

            def blur(image, window=window, size=size):
                rows = np.array([window @ image[i : i + size] for i in range(image.shape[0] - size + 1)])
                return np.array([rows[:, i : i + size] @ window for i in range(image.shape[1] - size + 1)]).T

        mx, my = blur(x), blur(y)
        cs = (2 * (blur(x * y) - mx * my) + 58.5225) / (blur(x * x) + blur(y * y) - mx**2 - my**2 + 58.5225)
        ssim = cs * (2 * mx * my + 6.5025) / (mx**2 + my**2 + 6.5025)
        result *= max((ssim if scale == 4 else cs).mean(), 0) ** weight
    return result


@pytest.mark.parametrize("side", [8, 28, 32, 64])
def test_equals_the_formula_on_small_images(side):
    first, second = noisy_pairs(3, side, side)
    expected = [
        np.mean([direct_ms_ssim(a.double().numpy(), b.double().numpy()) for a, b in zip(x, y, strict=True)])
        for x, y in zip(first, second, strict=True)
    ]
    ours = ms_ssim_of_pairs(torch.cat([first, second]), PAIR, PAIR + 4)
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_image_with_itself_is_one():
    images = torch.rand(3, 3, 32, 32) * 255
    index = torch.arange(3)
    torch.testing.assert_close(ms_ssim_of_pairs(images, index, index), torch.ones(3))


def test_group_is_the_mean_over_ordered_pairs():
    images = torch.rand(5, 1, 16, 16) * 255
    i, j = (index.flatten() for index in torch.meshgrid(torch.arange(5), torch.arange(5), indexing="ij"))
    every = ms_ssim_of_pairs(images, i, j)
    assert group_similarity(images)[0] == pytest.approx(float(every[i != j].mean()), rel=1e-5)


def test_collapse_raises_it_and_labels_keep_classes_apart(evidence):
    noise = torch.rand(60, 1, 32, 32) * 255
    two_looks = torch.rand(2, 1, 32, 32).repeat(30, 1, 1, 1) * 255
    labels = torch.arange(60) % 2
    diverse = ms_ssim(evidence(fake_images=noise))["MS-SSIM"].value
    collapsed = ms_ssim(evidence(fake_images=two_looks))["MS-SSIM"].value
    within = ms_ssim(evidence(fake_images=two_looks, labels=(None, labels)))["MS-SSIM"]
    assert diverse < collapsed < within.value
    assert within.value == pytest.approx(1)
    assert "2 labels" in within.note


def test_uint8_equals_float(evidence):
    images = torch.randint(0, 256, (20, 3, 28, 28), dtype=torch.uint8)
    assert ms_ssim(evidence(fake_images=images)) == ms_ssim(evidence(fake_images=images.float()))


def test_interval_covers(evidence):
    base = torch.rand(4, 1, 16, 16) * 255

    def draw():
        return (base[torch.randint(0, 4, (60,))] + 60 * torch.randn(60, 1, 16, 16)).clamp(0, 255)

    found = [ms_ssim(evidence(fake_images=draw()), batches=3, batch_size=20)["MS-SSIM"] for _ in range(100)]
    mean = np.mean([each.value for each in found])
    assert np.mean([each.interval[0] < mean < each.interval[1] for each in found]) > 0.9


def test_constant_images_are_alike(evidence):
    assert ms_ssim(evidence(fake_images=torch.zeros(10, 1, 16, 16)))["MS-SSIM"].value == pytest.approx(1)


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (torch.zeros(20, 2), None, "leave it out for points"),
        (torch.zeros(1, 1, 8, 8), None, "at least 2"),
        (torch.zeros(3, 1, 8, 8), torch.arange(3), "two generated images of one label"),
        (torch.full((4, 1, 8, 8), math.nan), None, "hold NaN"),
    ],
)
def test_bad_input(evidence, images, labels, says):
    with pytest.raises(UserError, match=says):
        ms_ssim(evidence(fake_images=images, labels=(None, labels)))


def test_rounding_never_leaves_the_bounds():
    """The images differ by less than single precision resolves, so the mean similarity rounds to a little above 1."""
    assert normal_if_varied(1.0000016, 1e-9, (0.0, 1.0)) == (1.0, 1.0)
    assert normal_if_varied(-1e-7, 1e-9, (0.0, None)) == (0.0, 0.0)
    assert normal_if_varied(0.5, 0.1, (0.0, 1.0)) == pytest.approx((0.5 - 1.959964 * 0.1, 0.5 + 1.959964 * 0.1))
