"""Scores of the networks themselves, and of what a classifier learns from samples."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from landscape.components.metrics._base import SampleSet
from landscape.components.metrics.classifier_accuracy import classifier_accuracy
from landscape.components.metrics.conditioning import conditioning, jacobians, log_singular_values
from landscape.components.metrics.discriminator_accuracy import discriminator_accuracy
from landscape.core.errors import UserError


def linear(matrix):
    return lambda z: z @ matrix.T


def test_conditioning_of_a_linear_map(evidence):
    matrix = torch.diag(torch.tensor([8.0, 4.0, 2.0])) @ torch.linalg.qr(torch.randn(3, 3)).Q
    found = conditioning(evidence(generator=linear(matrix), latent=lambda n: torch.randn(n, 3)), samples=40)
    assert found["G_log_condition"].value == pytest.approx(2 * math.log(4), rel=1e-5)
    assert found["G_log_determinant"].value == pytest.approx(2 * math.log(64), rel=1e-5)
    assert found["G_log_condition"].spread == pytest.approx(0, abs=1e-5)


def test_jacobian_equals_autograd_through_a_convolutional_generator():
    generator = nn.Sequential(
        nn.Linear(5, 32), nn.ReLU(), nn.Unflatten(1, (8, 2, 2)), nn.BatchNorm2d(8), nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Sigmoid()
    ).eval()
    z = torch.randn(3, 5)
    expected = [torch.autograd.functional.jacobian(lambda one: generator(one[None])[0].flatten(), each) for each in z]
    torch.testing.assert_close(jacobians(generator, z), torch.stack(expected))
    singular = torch.linalg.svdvals(torch.stack(expected).double())
    torch.testing.assert_close(log_singular_values(generator, z), singular.log(), rtol=1e-4, atol=1e-4)


def test_conditioning_interval_covers(evidence):
    def generator(z):
        return torch.stack([z[:, 0].exp(), z[:, 1] * 2], dim=1)

    found = [
        conditioning(evidence(generator=generator, latent=lambda n: torch.rand(n, 2)), samples=100)["G_log_condition"] for _ in range(200)
    ]
    mean = np.mean([each.value for each in found])
    assert 0.9 < np.mean([each.interval[0] < mean < each.interval[1] for each in found]) < 0.99


def test_lost_rank_is_said_and_never_a_number(evidence):
    matrix = torch.diag(torch.tensor([1.0, 1.0, 0.0]))
    with pytest.raises(UserError, match="no full rank"):
        conditioning(evidence(generator=linear(matrix), latent=lambda n: torch.randn(n, 3)))

    def half(z):
        return torch.stack([z[:, 0], z[:, 1].relu()], dim=1)

    found = conditioning(evidence(generator=half, latent=lambda n: torch.linspace(-1, 1, n)[:, None].repeat(1, 2)), samples=40)
    assert "20 of 40 z; at the others the Jacobian has no full rank" in found["G_log_condition"].note
    assert found["G_log_condition"].interval is None
    with pytest.raises(UserError, match="not finite"):
        conditioning(evidence(generator=lambda z: z * math.nan, latent=lambda n: torch.randn(n, 2)))
    with pytest.raises(UserError, match="needs the generator"):
        conditioning(evidence())


def test_discriminator_accuracy(evidence):
    def discriminator(images):
        assert float(images.max()) <= 1
        return images.flatten(1).mean(dim=1) - 0.5

    bright, dark = torch.full((300, 1, 4, 4), 255, dtype=torch.uint8), torch.zeros(100, 1, 4, 4, dtype=torch.uint8)
    given = evidence(
        real_images=torch.cat([bright[:60], dark[:20]]), fake_images=dark, train=SampleSet(images=bright), discriminator=discriminator
    )
    found = discriminator_accuracy(given)
    assert [found[f"D_accuracy_{name}"].value for name in ("train", "test", "fake")] == [1, 0.75, 1]
    assert found["D_accuracy_test"].interval == pytest.approx((0.6450, 0.8320), abs=1e-3)  # The interval is Wilson's for 60 of 80.


def test_discriminator_bad_input(evidence):
    images = torch.zeros(4, 1, 2, 2)
    with pytest.raises(UserError, match="logits hold NaN"):
        discriminator_accuracy(
            evidence(
                real_images=images, fake_images=images, train=SampleSet(images=images), discriminator=lambda x: x.flatten(1).sum(1) / 0
            )
        )
    with pytest.raises(UserError, match="needs the discriminator"):
        discriminator_accuracy(evidence(real_images=images, fake_images=images))


def labeled(count, noise):
    labels = torch.arange(count) % 4
    return torch.eye(4)[labels] * 3 + torch.randn(count, 4) * noise, labels


def test_classifier_accuracy(evidence):
    real, fake, train = labeled(200, 1.0), labeled(300, 3.0), labeled(400, 1.0)
    given = evidence(real[0], fake[0], labels=(real[1], fake[1]), train=SampleSet(features=train[0], labels=train[1]))
    found = classifier_accuracy(given)
    x, x_test = ((each - fake[0].mean(0)) / fake[0].std(0, correction=0) for each in (fake[0], real[0]))
    expected = LogisticRegression(max_iter=200).fit(x.numpy(), fake[1].numpy()).score(x_test.numpy(), real[1].numpy())
    assert found["CAS[x]"].value == pytest.approx(expected, abs=0.011)
    # Noisy samples are hard to classify, but a classifier learns enough from them.
    assert found["CAS_reverse[x]"].value < found["CAS[x]"].value
    assert "trained and tested on real samples: 0.9" in found["CAS[x]"].note


def test_wrong_labels_are_seen(evidence):
    real, train = labeled(200, 0.5), labeled(400, 0.5)
    fake = (labeled(300, 0.5)[0], torch.randint(0, 4, (300,)))
    given = evidence(real[0], fake[0], labels=(real[1], fake[1]), train=SampleSet(features=train[0], labels=train[1]))
    assert classifier_accuracy(given)["CAS_reverse[x]"].value < 0.4


def test_classifier_needs_labels(evidence):
    real, fake = labeled(20, 1.0), labeled(20, 1.0)
    train = SampleSet(features=real[0], labels=real[1])
    with pytest.raises(UserError, match="needs labels of the generated samples"):
        classifier_accuracy(evidence(real[0], fake[0], labels=(real[1], None), train=train))
    with pytest.raises(UserError, match="of 1 classes do not fit"):
        classifier_accuracy(evidence(real[0], fake[0], labels=(real[1], torch.zeros(20, dtype=torch.int64)), train=train))
