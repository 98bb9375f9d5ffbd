"""How much neighboring pixels of generated images differ, beside real images."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2ycbcr

from landscape.components.metrics.sharpness import sharpness
from landscape.core.errors import UserError


@pytest.fixture
def images():
    """Smooth color images (40, 3, 12, 10) uint8."""
    coarse = torch.rand(40, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    return (torch.nn.functional.interpolate(coarse, (12, 10), mode="bilinear") * 255).byte()


@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_the_mean_difference_of_numpy(evidence, images, channels):
    some = images[:, :channels]
    found = sharpness(evidence(real_images=images[:5], fake_images=some))["sharpness"]
    each = []
    for image in some.permute(0, 2, 3, 1).numpy():
        y = (rgb2ycbcr(image)[..., 0] if channels == 3 else image[..., 0].astype(float)) / 255
        each.append(np.concatenate([np.abs(np.diff(y, axis=0)).ravel(), np.abs(np.diff(y, axis=1)).ravel()]).mean())
    assert found.value == pytest.approx(np.mean(each), rel=1e-5)
    reach = 1.96 * np.std(each, ddof=1) / np.sqrt(len(each))
    assert found.interval == pytest.approx((np.mean(each) - reach, np.mean(each) + reach), rel=1e-4)
    assert (found.target, found.direction, found.n_real, found.n_fake) == ("real", "none", 5, 40)


def test_blur_lowers_it_and_noise_raises_it(evidence, images):
    noise = torch.randint(-20, 21, images.shape, generator=torch.Generator().manual_seed(1))
    blurred = torch.nn.functional.avg_pool2d(images.float(), 3, 1, 1, count_include_pad=False)
    values = {
        name: sharpness(evidence(real_images=images, fake_images=fake))["sharpness"]
        for name, fake in {"blurred": blurred, "real": images, "noisy": (images + noise).clamp(0, 255).byte()}.items()
    }
    assert values["blurred"].interval[1] < values["real"].value < values["noisy"].interval[0]
    assert values["noisy"].note == f"real samples {values['real'].value:.3g}"


@pytest.mark.parametrize("shape", [(5, 2), (5, 4, 8, 8), (5, 3, 1, 8)])
def test_other_samples_are_refused(evidence, shape):
    samples = torch.zeros(shape, dtype=torch.uint8)
    with pytest.raises(UserError, match="sharpness needs images of 2 pixels a side or more, real samples are .*: leave the metric out"):
        sharpness(evidence(real_images=samples, fake_images=samples))
