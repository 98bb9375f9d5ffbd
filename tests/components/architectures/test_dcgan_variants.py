"""The random architectures of the WGAN-GP paper: depth, places of the layers, nonlinearities, by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from landscape.components.architectures.dcgan_variants import activation, further_layers
from landscape.core.errors import UserError


@pytest.mark.parametrize(("depth", "places"), [(4, [0, 0, 0]), (5, [1, 0, 0]), (8, [2, 1, 1]), (12, [3, 3, 2]), (20, [6, 5, 5])])
def test_layers_of_each_depth(build, depth, places):
    """Every weight layer counts; those of stride 1 are spread evenly, that of the fewest pixels first."""
    assert further_layers(depth) == places
    networks = build("dcgan_variants", (3, 32, 32), g="batch", d="layer", g_depth=depth, d_depth=depth)
    for network, kind, first in ((networks.generator, nn.ConvTranspose2d, 32), (networks.discriminator, nn.Conv2d, None)):
        layers = [m for m in network.modules() if isinstance(m, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d))]
        assert len(layers) == depth
        assert sum(isinstance(m, kind) and m.stride == (2, 2) for m in layers) == 3
        assert first is None or layers[-1].out_channels == 3
    # In G the layers at 4x4 have 4 x 4 maps, those at 8x8 half as many, those at 16x16 a quarter.
    kept = [m.out_channels for m in networks.generator.modules() if isinstance(m, nn.Conv2d)]
    assert kept == [16] * places[0] + [8] * places[1] + [4] * places[2]
    kept = [m.out_channels for m in networks.discriminator.modules() if isinstance(m, nn.Conv2d) and m.stride == (1, 1)]
    assert kept == [4] * places[2] + [8] * places[1] + [16] * places[0]
    images = networks.generator(torch.randn(2, 128))
    assert images.shape == (2, 3, 32, 32)
    assert networks.discriminator(images).logit.shape == (2,)


def test_where_norms_and_nonlinearities_stand(build):
    networks = build("dcgan_variants", (1, 32, 32), g="batch", d="batch", g_depth=6, d_depth=5, g_activation="tanh", d_activation="relu")
    g = [type(m).__name__ for m in networks.generator.modules()]
    d = [type(m).__name__ for m in networks.discriminator.modules()]
    # All hidden layers of G have both; D's first convolution has no norm, and neither has a network's last layer.
    assert g.count("Tanh") == 5
    assert d.count("ReLU") == 4
    assert (g.count("BatchNorm2d"), d.count("BatchNorm2d")) == (5, 3)


def test_the_nonlinearities():
    x = torch.linspace(-8, 8, 33, dtype=torch.float64)
    found = activation("shifted_softplus")(x).numpy()
    np.testing.assert_allclose(found, np.log1p(np.exp(2 * x.numpy() + 2)) / 2 - 1, rtol=1e-12)
    assert found[0] == pytest.approx(-1, abs=1e-6)
    assert found[-1] == pytest.approx(8, abs=1e-6)
    assert torch.equal(activation("leaky_relu")(torch.tensor([-1.0, 2.0])), torch.tensor([-0.2, 2.0]))
    assert torch.equal(activation("tanh")(x), torch.tanh(x))
    assert torch.equal(activation("relu")(x), x.clamp(min=0))


def test_weights_begin_as_glorots_times_the_root_of_two(build):
    networks = build("dcgan_variants", (3, 32, 32), g_width=32, d_width=32, small=False)
    for layer in [m for m in networks.discriminator.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]:
        inputs, outputs = nn.init._calculate_fan_in_and_fan_out(layer.weight)
        assert float(layer.weight.detach().abs().max()) == pytest.approx((12 / (inputs + outputs)) ** 0.5, rel=0.05)
        assert float(layer.bias.detach().abs().max()) == 0


def test_a_depth_that_cannot_be(build):
    with pytest.raises(UserError, match=r"dcgan_variants: d_depth=3: give 4 or more"):
        build("dcgan_variants", (3, 32, 32), d_depth=3)
