"""Scores of generated images beside their targets."""

import math

import numpy as np
import pytest
import torch
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from landscape.components.metrics._base import Pairs
from landscape.components.metrics._paired import luma
from landscape.components.metrics.class_kept import class_kept
from landscape.components.metrics.consistency import consistency
from landscape.components.metrics.diversity import diversity
from landscape.components.metrics.l1 import l1
from landscape.components.metrics.psnr import psnr
from landscape.components.metrics.ssim import ssim
from landscape.components.tasks._asked import conditions
from landscape.components.tasks._base import Task
from landscape.core.errors import UserError

ENLARGING = Task("super_resolution", {"factor": 2, "antialias": True})
FILLING = Task("inpainting", {"hole": 0.5, "place": "random"})
LIMIT = 10 * math.log10(12 * 255**2)


@pytest.fixture(params=[1, 3])
def images(request):
    """Real images (N, C, 32, 32) uint8 and noisy copies."""
    generator = torch.Generator().manual_seed(request.param)
    real = torch.rand(3, request.param, 8, 8, generator=generator)
    real = (torch.nn.functional.interpolate(real, (32, 32), mode="bilinear") * 255).byte()
    noise = torch.randint(-20, 21, real.shape, generator=generator)
    return real, (real.int() + noise).clamp(0, 255).byte()


def scored(metric, evidence, images, task, **hyperparameters):
    real, fake = images
    pairs = Pairs(task, conditions(task, real, None, 5))
    (found,) = metric(evidence(real_images=real, fake_images=fake, pairs=pairs), **hyperparameters).items()
    return found


def y_of(image, cut=2):
    """Return Y without a border of `cut` pixels, in float64."""
    levels = image.permute(1, 2, 0).numpy()
    y = rgb2ycbcr(levels)[..., 0] if levels.shape[2] == 3 else levels[..., 0].astype(np.float64)
    return y[cut : y.shape[0] - cut, cut : y.shape[1] - cut]


def test_y_is_that_of_scikit_image(images):
    real, _ = images
    ours = luma(real.float())
    for image, y in zip(real, ours, strict=True):
        np.testing.assert_allclose(y[0].numpy(), y_of(image, 0), rtol=1e-5)


def test_psnr_is_the_mean_of_scikit_images_over_the_images(evidence, images):
    name, found = scored(psnr, evidence, images, ENLARGING)
    expected = [peak_signal_noise_ratio(y_of(a), y_of(b), data_range=255) for a, b in zip(*images, strict=True)]
    assert name == "PSNR"
    assert found.value == pytest.approx(np.mean(expected), rel=1e-5)
    assert found.interval[0] < found.value < found.interval[1]


def test_ssim_is_the_mean_of_scikit_images_over_the_images(evidence, images):
    how = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    expected = [structural_similarity(y_of(a), y_of(b), **how) for a, b in zip(*images, strict=True)]
    assert scored(ssim, evidence, images, ENLARGING)[1].value == pytest.approx(np.mean(expected), rel=1e-5)


def test_scores_of_a_hole_count_its_pixels_alone(evidence, images):
    real, fake = images
    task = FILLING
    mask = conditions(task, real, None, 5)[:, -1:].numpy() > 0
    one, two = (luma(part.float()).double().numpy() for part in images)
    errors = [np.mean((a - b)[m] ** 2) for a, b, m in zip(one, two, mask, strict=True)]
    name, found = scored(psnr, evidence, images, task, region="hole")
    assert name == "PSNR_hole"
    assert found.value == pytest.approx(np.mean(10 * np.log10(255**2 / np.array(errors))), rel=1e-5)
    inside = np.broadcast_to(mask, real.shape)
    differences = [np.abs(a.astype(float) - b)[m].mean() for a, b, m in zip(real.numpy(), fake.numpy(), inside, strict=True)]
    assert scored(l1, evidence, images, task)[1].value == pytest.approx(np.mean(differences) / 255, rel=1e-5)


def test_l1_of_whole_images(evidence, images):
    differences = [
        np.abs(a[:, 2:-2, 2:-2].astype(float) - b[:, 2:-2, 2:-2]).mean() for a, b in zip(*(p.numpy() for p in images), strict=True)
    ]
    assert scored(l1, evidence, images, ENLARGING)[1].value == pytest.approx(np.mean(differences) / 255, rel=1e-5)


def test_targets_reach_the_limit_of_rounding(evidence, images):
    real, _ = images
    _, found = scored(psnr, evidence, (real, real), ENLARGING)
    assert found.value == pytest.approx(LIMIT)
    assert found.note == "3 of 3 images equal their targets up to rounding"
    assert scored(ssim, evidence, (real, real), ENLARGING)[1].value == pytest.approx(1)
    assert scored(consistency, evidence, (real, real), ENLARGING)[1].value == pytest.approx(LIMIT, abs=0.5)


def test_consistency_measures_the_image_made_small_again(evidence, images):
    real, fake = images
    small = torch.nn.functional.interpolate(fake.float(), (16, 16), mode="bicubic", antialias=True)
    asked = torch.nn.functional.interpolate(real.float(), (16, 16), mode="bicubic", antialias=True).clamp(0, 255).round()
    errors = (small - asked).square().mean((1, 2, 3)).double().numpy()
    _, found = scored(consistency, evidence, images, ENLARGING)
    assert found.value == pytest.approx(np.mean(10 * np.log10(255**2 / errors)), rel=1e-4)


def test_diversity_is_the_deviation_of_pixels_over_draws(evidence, images):
    real, _ = images
    draws = torch.randint(0, 256, (2, 4, *real.shape[1:]), dtype=torch.uint8)
    for task in (ENLARGING, FILLING):
        asked = conditions(task, real, None, 5)
        (found,) = diversity(evidence(real_images=real, fake_images=real, pairs=Pairs(task, asked, draws))).values()
        deviations = draws.numpy().astype(float).std(1, ddof=1) / 255
        if task is FILLING:
            inside = np.broadcast_to(asked[:2, -1:].numpy() > 0, deviations.shape)
            expected = np.mean([d[m].mean() for d, m in zip(deviations, inside, strict=True)])
        else:
            expected = deviations.mean()
        assert found.value == pytest.approx(expected, rel=1e-5)


def test_class_kept_counts_the_classes_of_the_targets(evidence):
    real, fake = torch.eye(4), torch.eye(4)[[0, 1, 3, 3]]
    pairs = Pairs(ENLARGING, torch.zeros(4, 1, 4, 4))
    (by_labels,) = class_kept(evidence(real_logits=real, fake_logits=fake, labels=(torch.tensor([0, 0, 2, 3]), None), pairs=pairs)).values()
    assert by_labels.value == 0.5
    assert by_labels.note == "of the targets 0.7500"
    (by_sight,) = class_kept(evidence(real_logits=real, fake_logits=fake, pairs=pairs)).values()
    assert by_sight.value == 0.75


def test_what_a_score_lacks_is_named(evidence, images):
    real, fake = images
    for metric in (psnr, ssim, l1, consistency, diversity, class_kept):
        with pytest.raises(UserError, match="needs the pictures or texts that the samples were made of"):
            metric(evidence(real_images=real, fake_images=fake))
    with pytest.raises(UserError, match="several samples under each condition"):
        scored(diversity, evidence, images, ENLARGING)
    with pytest.raises(UserError, match="does not follow from the image"):
        scored(consistency, evidence, images, FILLING)
    with pytest.raises(UserError, match="region=hole needs a task with a mask"):
        scored(psnr, evidence, images, ENLARGING, region="hole")
    small = real[..., :14, :14]
    with pytest.raises(UserError, match="at least 11 pixels a side"):
        scored(ssim, evidence, (small, small), ENLARGING)
