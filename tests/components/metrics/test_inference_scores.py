"""Scores of what a model is good for beside its samples: inference of z, and features for few labels."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import r2_score
from sklearn.neighbors import KNeighborsClassifier

from landscape.components.metrics._base import SampleSet
from landscape.components.metrics._reconstruction import reconstruction_scores
from landscape.components.metrics.encoder_inference import encoder_inference
from landscape.components.metrics.feature_probe import feature_probe, few_labels
from landscape.components.metrics.latent_regression import explained, latent_regression
from landscape.core.errors import UserError

FEW = {"steps": 300, "batch": 64, "width": 32, "held_out": 400}


def test_explained_share_against_scikit_learn():
    z, inferred = torch.randn(50, 3) * torch.tensor([1.0, 2.0, 0.5]), torch.randn(50, 3)
    assert explained(z, inferred)[0] == pytest.approx(r2_score(z, inferred, multioutput="variance_weighted"), abs=1e-6)


def test_interval_of_the_explained_share_covers():
    generator = torch.Generator().manual_seed(0)
    hits = []
    for _ in range(300):
        z = torch.rand(200, 2, generator=generator) * 2 - 1
        value, error = explained(z, z + 0.3 * torch.randn(200, 2, generator=generator))
        hits.append(abs(value - (1 - 0.09 * 3)) < 1.96 * error)  # The variance of U[-1, 1] is 1/3.
    assert 0.92 < np.mean(hits) < 0.98


def test_reconstruction_scores_by_hand():
    real = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 8.0]])
    remade = torch.tensor([[0.0, 1.0], [3.0, 1.0], [0.0, 8.0]])
    found = reconstruction_scores(real, remade, torch.tensor([2, 0, 1]))
    assert found["reconstruction_error"].value == pytest.approx(4 / 3)
    of_mean = np.linalg.norm(real.numpy() - np.array([1.0, 4.0]), axis=1).mean()
    assert found["reconstruction_mean_image"].value == pytest.approx(of_mean)
    # Sample 2 is compared with the reconstruction of 1, sample 0 with that of 2, and sample 1 with that of 0.
    shuffled = (np.hypot(3, 7) + 8 + np.hypot(3, 3)) / 3
    assert found["reconstruction_ratio"].value == pytest.approx(4 / 3 / shuffled)


def of_generator(evidence, generator, real):
    return latent_regression(evidence(real_images=real, generator=generator, latent=lambda n: torch.rand(n, 2) * 2 - 1), **FEW)


def test_what_can_be_inferred_is_inferred_and_what_cannot_is_not(evidence):
    matrix = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
    real = (torch.rand(60, 2) * 2 - 1) @ matrix
    state = torch.get_rng_state()
    found = of_generator(evidence, lambda z: z @ matrix, real)
    assert torch.equal(torch.get_rng_state(), state)
    assert found["latent_R2"].value > 0.98
    assert found["reconstruction_error"].value < 0.3 * found["reconstruction_mean_image"].value
    assert found["reconstruction_ratio"].value < 0.3
    assert found == of_generator(evidence, lambda z: z @ matrix, real)

    constant = of_generator(evidence, lambda z: 0 * z @ matrix + 0.1, real)
    assert abs(constant["latent_R2"].value) < 0.05
    assert constant["reconstruction_ratio"].value == pytest.approx(1)


def test_images_are_levels_and_outputs_are_cut(evidence):
    real = torch.full((4, 1, 2, 2), 255, dtype=torch.uint8)
    found = of_generator(evidence, lambda z: (0 * z[:, :1, None, None] + 7).expand(-1, 1, 2, 2), real)
    assert found["reconstruction_error"].value == 0


def test_latent_regression_bad_input(evidence):
    real = torch.rand(9, 3)
    with pytest.raises(UserError, match="needs the generator"):
        latent_regression(evidence(real_images=real))
    with pytest.raises(UserError, match="what the generator makes is not finite"):
        of_generator(evidence, lambda z: z[:, :1].expand(-1, 3) / 0, real)


def test_the_models_own_encoder(evidence):
    """An exact inverse of a linear generator, whose features are the classes of the training samples."""
    matrix = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
    z, known = torch.randn(30, 2), torch.randn(50, 2)
    labels, theirs = (z[:, 0] > 0).long(), (known[:, 0] > 0).long()

    def encoder(x):
        return x @ torch.linalg.pinv(matrix)

    given = evidence(
        real_images=z @ matrix,
        labels=(labels, None),
        train=SampleSet(images=known @ matrix, labels=theirs),
        generator=lambda z: z @ matrix,
        latent=lambda n: torch.randn(n, 2),
        encoder=encoder,
        encoder_features=lambda x: (encoder(x)[:, :1] > 0).float(),
    )
    found = encoder_inference(given, held_out=40)
    assert found["encoder_R2"].value == pytest.approx(1)
    assert found["encoder_error"].value == pytest.approx(0, abs=1e-4)
    assert found["encoder_1NN"].value == 1
    expected = KNeighborsClassifier(1).fit(known @ matrix, theirs).score(z @ matrix, labels)
    assert found["pixels_1NN"].value == pytest.approx(expected)
    with pytest.raises(UserError, match="needs the encoder of a model of task inference"):
        encoder_inference(evidence(real_images=z))
    assert "encoder_1NN" not in encoder_inference(replace(given, real=SampleSet(images=z @ matrix)), held_out=40)


def labeled(count, seed):
    labels = torch.arange(count) % 4
    noise = torch.rand(count, 1, 3, 3, generator=torch.Generator().manual_seed(seed)) * 200
    images = noise.to(torch.uint8)
    images[:, 0, 0, 0] = (labels * 60).to(torch.uint8)
    return SampleSet(images=images, labels=labels)


def shown(evidence, trained, untrained, train=None):
    real = labeled(200, 1)
    given = evidence(
        real_images=real.images,
        labels=(real.labels, None),
        train=train or labeled(400, 2),
        d_features=trained,
        untrained_d_features=untrained,
    )
    return feature_probe(given, labels=40, draws=3)


def test_the_probe_reads_what_features_say(evidence):
    def knowing(x):
        assert float(x.max()) <= 1
        return torch.nn.functional.one_hot((x[:, 0, 0, 0] * 255 / 60).round().long(), 4).float()

    found = shown(evidence, knowing, lambda: lambda x: torch.ones(len(x), 2))
    assert found["D_probe_accuracy"].value == 1
    assert found["D_probe_untrained"].value == pytest.approx(0.25)
    assert 0.25 < found["D_probe_pixels"].value < 1
    assert "untrained D 0.2500; pixels 0." in found["D_probe_accuracy"].note
    assert [e.direction for e in found.values()] == ["higher", "none", "none"]


def test_labels_are_few_and_of_all_classes():
    labels = torch.tensor([0] * 50 + [1] * 5 + [2] * 30)
    chosen = few_labels(labels, 12, torch.Generator().manual_seed(3))
    assert labels[chosen].bincount().tolist() == [4, 4, 4]
    assert len(chosen.unique()) == 12
    assert labels[few_labels(labels, 21, torch.Generator().manual_seed(3))].bincount().tolist() == [8, 5, 8]


def test_feature_probe_bad_input(evidence):
    with pytest.raises(UserError, match="needs the discriminator"):
        feature_probe(evidence())
    with pytest.raises(UserError, match="40 labels for 20 training samples of 4 classes"):
        shown(evidence, lambda x: x.flatten(1), None, train=labeled(20, 0))
    with pytest.raises(UserError, match="needs the class of each of the training samples"):
        shown(evidence, lambda x: x.flatten(1), None, train=SampleSet(images=labeled(50, 0).images))
    with pytest.raises(UserError, match="features hold NaN"):
        shown(evidence, lambda x: x.flatten(1) / 0, None)
