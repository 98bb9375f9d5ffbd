"""The spectral norms of a network's layers, beside NumPy's."""

import numpy as np
import pytest
import torch
from torch import nn

import landscape
from landscape.components.normalizations.spectral import SpectralNorm
from landscape.components.normalizations.weight import WeightNorm
from landscape.training.spectral_norms import spectral_norms


def numpy_norm(weight, axis=0):
    matrix = np.moveaxis(weight.detach().double().numpy(), axis, 0).reshape(weight.shape[axis], -1)
    return np.linalg.norm(matrix, 2)


def test_norms_are_those_of_numpy_and_nothing_changes():
    torch.manual_seed(0)
    layers = nn.ModuleDict(
        {
            "tall": nn.Linear(3, 40),
            "kernel": nn.Conv2d(5, 6, 3),
            "transposed": nn.ConvTranspose2d(4, 7, 3),
            "spectral": SpectralNorm(nn.Conv2d(5, 6, 3), iterations=1, epsilon=1e-12),
            "weight": WeightNorm(nn.Linear(8, 4), learned=True),
            "norm": nn.BatchNorm2d(6),
        }
    )
    layers["norm"].eval()
    before = {name: value.clone() for name, value in layers.state_dict().items()}
    found = spectral_norms(layers)
    spectral = layers["spectral"]
    sigma = spectral.u @ spectral.weight.flatten(1) @ nn.functional.normalize(spectral.u @ spectral.weight.flatten(1), dim=0)
    assert found == {
        "tall": pytest.approx(numpy_norm(layers["tall"].weight)),
        "kernel": pytest.approx(numpy_norm(layers["kernel"].weight)),
        "transposed": pytest.approx(numpy_norm(layers["transposed"].weight, axis=1)),
        "spectral": pytest.approx(numpy_norm(spectral.weight) / float(sigma.detach()), rel=1e-5),
        "weight": pytest.approx(numpy_norm(layers["weight"].effective_weight()), rel=1e-5),
    }
    assert all(torch.equal(before[name], value) for name, value in layers.state_dict().items())
    assert layers["spectral"].training
    assert not layers["norm"].training


def test_scaled_weights_count_as_they_are_used():
    fields = {"dataset": "digits", "architecture": {"progressive": {"fmap_base": 32, "fmap_max": 8}}, "budget": {"amount": 2}}
    gan = landscape.build(fields | {"loss": "wasserstein", "batch_size": 4})
    (name,) = [name for name, layer in gan.discriminator.named_modules() if isinstance(layer, nn.Linear)][-1:]
    layer = gan.discriminator.get_submodule(name)
    assert spectral_norms(gan.discriminator)[name] == pytest.approx(numpy_norm(layer.weight) * layer.scale)


@pytest.mark.parametrize(("normalization", "most"), [("spectral", 1.5), ("none", float("inf"))])
def test_the_curve_is_the_largest_norm_at_eight_points(normalization, most):
    fields = {"dataset": "digits", "architecture": {"mlp": {"width": 16}}, "budget": {"amount": 100}, "batch_size": 8, "loss": "hinge"}
    gan = landscape.build(fields | {"d_normalization": normalization, "d_optimizer": {"learning_rate": 0.01}})
    gan.run_rounds(100)
    points = gan.curves.points["d_spectral_norm"]
    assert [at for at, _ in points] == [13, 25, 38, 50, 63, 75, 88, 100]
    assert points[-1][1] == pytest.approx(max(spectral_norms(gan.discriminator).values()))
    assert all(0 < norm < most for _, norm in points)


def test_without_a_discriminator_there_is_no_curve():
    gan = landscape.build(
        {"dataset": "digits", "architecture": {"mlp": {"width": 8}}, "budget": {"amount": 2}, "batch_size": 8, "loss": "mmd"}
    )
    gan.run_rounds(2)
    assert "d_spectral_norm" not in gan.curves.points
