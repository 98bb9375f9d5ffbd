import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

import landscape.components.metrics.parzen as module
from landscape.components.metrics._base import SampleSet
from landscape.components.metrics.parzen import choose_sigma, log_likelihoods, parzen
from landscape.core.errors import UserError

SIGMAS = torch.logspace(-1, 0, 4, dtype=torch.float64)


def direct(points, samples, sigma):
    """Compute the estimator of the 2014 code in NumPy float64, by broadcasting."""
    points, samples = points.double().numpy(), samples.double().numpy()
    distances = ((points[:, None] - samples[None]) ** 2).sum(axis=2)
    width = points.shape[1]
    return logsumexp(-distances / (2 * sigma**2), axis=1) - np.log(len(samples)) - width * np.log(sigma * np.sqrt(2 * np.pi))


@pytest.mark.parametrize(("samples", "width"), [(600, 196), (5, 30), (600, 2)])
def test_every_likelihood_within_a_thousandth_of_a_nat(samples, width, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 50)
    # The values resemble pixels: they are mostly 0, so that norms and distances are those of digits.
    points, centers = (torch.rand(n, width) * (torch.rand(n, width) > 0.7) for n in (130, samples))
    centers[: min(50, samples)] = points[: min(50, samples)] + 0.01  # Some windows are right beside their point, as with a good generator.
    found = log_likelihoods(points, centers, SIGMAS)
    for index, sigma in enumerate(SIGMAS.tolist()):
        np.testing.assert_allclose(found[index], direct(points, centers, sigma), rtol=0, atol=1e-3)
        alone = log_likelihoods(points, centers, SIGMAS[index : index + 1])[0]
        torch.testing.assert_close(alone, found[index], rtol=0, atol=1e-3)


def test_real_digits_within_a_thousandth_of_a_nat():
    digits = torch.from_numpy(pytest.importorskip("sklearn.datasets").load_digits().data).float() / 16
    points, samples = digits[:300], digits[300:1300]
    np.testing.assert_allclose(log_likelihoods(points, samples, SIGMAS[:1])[0], direct(points, samples, 0.1), rtol=0, atol=1e-3)


def test_integrates_to_one():
    grid = torch.linspace(-8, 8, 4001)[:, None]
    density = log_likelihoods(grid, torch.tensor([[0.0], [1.5]]), torch.tensor([0.7])).exp()
    assert float(torch.trapezoid(density[0], grid[:, 0].double())) == pytest.approx(1, abs=1e-5)


def test_protocol(evidence):
    images, fakes, held = (torch.randint(0, 256, (count, 1, 6, 6), dtype=torch.uint8) for count in (40, 60, 50))
    given = evidence(real_images=images, fake_images=fakes, validation=SampleSet(images=held))
    found = parzen(given, validation_samples=30)["Parzen_LL"]
    flat = [each.flatten(1).float() / 255 for each in (held[:30], fakes, images)]
    grid = torch.logspace(-1, 0, 10, dtype=torch.float64)
    sigma = max(grid.tolist(), key=lambda each: direct(flat[0], flat[1], each).mean())
    assert choose_sigma(flat[0], flat[1], grid) == pytest.approx(sigma)
    expected = direct(flat[2], flat[1], sigma)
    assert found.value == pytest.approx(expected.mean(), abs=1e-3)
    half = 1.96 * expected.std(ddof=1) / math.sqrt(40)
    assert found.interval == pytest.approx((expected.mean() - half, expected.mean() + half), abs=1e-2)
    assert f"sigma {sigma:.4g}, best of 10 in [0.1, 1] on 30 validation samples" in found.note


def test_the_width_is_chosen_on_validation_samples_alone(evidence):
    """Validation samples that are copies ask for the smallest width, whatever the real ones would; a choice on these would be another."""
    fakes = torch.randint(0, 256, (60, 1, 6, 6), dtype=torch.uint8)
    strangers = torch.randint(0, 256, (40, 1, 6, 6), dtype=torch.uint8)
    near, far = (
        parzen(evidence(real_images=strangers, fake_images=fakes, validation=SampleSet(images=held)))["Parzen_LL"]
        for held in (fakes[:20].clone(), strangers.clone())
    )
    assert "sigma 0.1," in near.note
    assert "sigma 0.1," not in far.note
    assert near.value < far.value


def test_bad_input(evidence):
    images = torch.zeros(5, 1, 4, 4)
    with pytest.raises(UserError, match="needs validation images"):
        parzen(evidence(real_images=images, fake_images=images))
    with pytest.raises(UserError, match="16, 25 and 16 values"):
        parzen(evidence(real_images=images, fake_images=torch.zeros(5, 1, 5, 5), validation=SampleSet(images=images)))
    with pytest.raises(UserError, match="swap them"):
        parzen(evidence(real_images=images, fake_images=images, validation=SampleSet(images=images)), smallest=2.0)
