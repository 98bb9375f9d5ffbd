"""Regularizers of D's weights: L2, orthogonal, clipping."""

import numpy as np
import pytest
import torch
from torch import nn

from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.regularizers._kernels import kernels
from landscape.components.regularizers.l2 import l2
from landscape.components.regularizers.orthogonal import orthogonal
from landscape.components.regularizers.weight_clipping import weight_clipping


def test_l2_by_hand():
    """The term is the mean over layers of 1/2 |W|^2, without biases and norms."""
    network = nn.Sequential(nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.Linear(3, 2))
    for parameter in network.parameters():
        nn.init.constant_(parameter, 2.0)
    # The convolution has 8 weights of 2 (1/2 32 = 16), the linear layer 6 of 2 (12), so the mean is 14.
    assert l2(network, weight=0.5).item() == pytest.approx(7.0)
    l2(network, weight=0.5).backward()
    torch.testing.assert_close(network[0].weight.grad, torch.full_like(network[0].weight, 0.5))  # The gradient is 0.5 W / 2 layers.
    assert network[0].bias.grad is None
    assert network[1].weight.grad is None


@pytest.mark.parametrize("normalization", NORMALIZATIONS.names())
def test_kernels_are_the_raw_weights_whatever_the_normalization(normalization):
    if "d" not in NORMALIZATIONS[normalization].facts.sides:
        pytest.skip("not for D")
    chosen = NORMALIZATIONS[normalization].function()
    convolution, dense = nn.Conv2d(3, 4, 3), nn.Linear(64, 1)
    network = nn.Sequential(chosen.wrap(convolution), chosen.follow(4, (4, 4)), nn.Flatten(), chosen.wrap(dense))
    found = kernels(network)
    assert [id(kernel) for kernel in found] == [id(convolution.weight), id(dense.weight)]


@pytest.mark.parametrize("form", ["orthonormal", "off_diagonal"])
def test_orthogonal_formula(form):
    network = nn.Sequential(nn.Linear(5, 3), nn.Linear(3, 6), nn.Conv2d(2, 4, 3), nn.ConvTranspose2d(7, 3, 4)).double()
    expected = 0.0
    for layer in network:
        weight = layer.weight.detach().numpy()
        if isinstance(layer, nn.ConvTranspose2d):
            weight = weight.swapaxes(0, 1)
        matrix = weight.reshape(len(weight), -1)
        gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
        difference = gram - np.eye(len(gram))
        if form == "off_diagonal":
            np.fill_diagonal(difference, 0)
        expected += (difference**2).sum()
    assert orthogonal(network, weight=2.0, form=form).item() == pytest.approx(2 * expected, rel=1e-12)


def test_orthogonal_matrices_cost_nothing():
    network = nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 9), nn.Conv2d(2, 5, 3))
    for layer in network:
        nn.init.orthogonal_(layer.weight)
    assert orthogonal(network, weight=1.0).item() == pytest.approx(0, abs=1e-9)
    with torch.no_grad():
        for layer in network:
            layer.weight.mul_(3)
    assert orthogonal(network, weight=1.0, form="off_diagonal").item() == pytest.approx(0, abs=1e-6)
    assert orthogonal(network, weight=1.0).item() == pytest.approx(64 * (4 + 4 + 5), rel=1e-5)  # Each direction contributes (9 - 1)^2.


def test_clipping_cuts_every_trainable_parameter():
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    network[0].weight.data = torch.tensor([[0.5, -0.5, 0.05], [-0.02, 0.1, -3.0]])
    running = network[1].running_var.clone()
    weight_clipping(network, bound=0.1)
    torch.testing.assert_close(network[0].weight.data, torch.tensor([[0.1, -0.1, 0.05], [-0.02, 0.1, -0.1]]))
    torch.testing.assert_close(network[1].weight.data, torch.full((2,), 0.1))
    torch.testing.assert_close(network[1].running_var, running)
    network(torch.rand(4, 3)).sum().backward()  # The parameters are still leaves of a graph.
    assert network[0].weight.grad is not None
