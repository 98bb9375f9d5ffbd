"""The distribution and standard deviation of the initial weights of every kind of layer, compared with the sources' formulas."""

import math

import pytest
import torch
from torch import nn

from landscape.components.architectures._base import constrain
from landscape.components.architectures._layers import UnpoolConv2d
from landscape.components.architectures._resnet import PlainShortcut

TRUNCATED = 0.8796
"""The standard deviation of a standard normal distribution cut at 2: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)) = sqrt(1 - 0.2160 / 0.9545)."""


def layers(module, kind):
    return [m for m in module.modules() if isinstance(m, kind)]


def assert_std(layer, expected):
    """Check the standard deviation to five standard errors of a normal sample; those of bounded distributions are smaller."""
    n = layer.weight.numel()
    assert abs(layer.weight.std().item() / expected - 1) < 5 / math.sqrt(2 * n), (layer, layer.weight.std().item(), expected)
    assert abs(layer.weight.mean().item()) < 5 * expected / math.sqrt(n)


def biases_are_zero(module):
    biases = [m.bias for m in layers(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)) if m.bias is not None]
    assert biases
    return all((bias == 0).all() for bias in biases)


def test_truncated_constant():
    phi, area = math.exp(-2) / math.sqrt(2 * math.pi), math.erf(math.sqrt(2))
    assert math.sqrt(1 - 4 * phi / area) == pytest.approx(TRUNCATED, abs=1e-4)


@pytest.mark.parametrize("name", ["dcgan", "infogan", "resnet_cifar", "resnet_stl", "resnet19", "stacked_mnist"])
def test_landscape_networks(build, name):
    """Dense and transposed kernels are N(0, 0.02^2), convolutions (also those after zero insertion) are truncated at 0.04, biases are 0."""
    networks = build(name, (3, 32, 32), small=False, **({"width": 16} if name != "infogan" else {}))
    for network in (networks.generator, networks.discriminator):
        assert biases_are_zero(network)
        convolutions = layers(network, (nn.Conv2d, UnpoolConv2d))
        for layer in convolutions:
            assert layer.weight.abs().max() <= 0.04
            assert_std(layer, 0.02 * TRUNCATED)
        for layer in layers(network, (nn.Linear, nn.ConvTranspose2d)):
            if layer not in convolutions:
                assert_std(layer, 0.02)


@pytest.mark.parametrize("preset", ["landscape", "sngan"])
def test_sndcgan_is_normal_throughout(build, preset):
    networks = build("sndcgan", (3, 16, 16), small=False, preset=preset)
    for network in (networks.generator, networks.discriminator):
        assert biases_are_zero(network)
        for layer in layers(network, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            assert_std(layer, 0.02)
    assert max(layer.weight.abs().max() for layer in layers(networks.discriminator, nn.Conv2d)) > 0.06


@pytest.mark.parametrize("preset", ["sngan", "wgan_gp"])
def test_plain_residual_networks_are_glorot(build, preset):
    """Weights are uniform with standard deviation sqrt(2 / (fan-in + fan-out)), times sqrt 2 in the blocks' 3x3 convolutions."""
    networks = build("resnet_cifar", (3, 32, 32), preset=preset, width=32)
    for network in (networks.generator, networks.discriminator):
        assert biases_are_zero(network)
        inner = [c for b in layers(network, PlainShortcut) for c in (b.conv1, b.conv2)]
        for layer in layers(network, (nn.Linear, nn.Conv2d)):
            area = layer.weight[0, 0].numel()
            glorot = math.sqrt(2 / (area * (layer.weight.shape[0] + layer.weight.shape[1])))
            std = glorot * math.sqrt(2) if layer in inner else glorot
            assert_std(layer, std)
            assert layer.weight.abs().max() <= std * math.sqrt(3)


def test_2014_networks_are_uniform(build):
    networks = build("mlp_2014", (1, 28, 28), width_factor=0.2)
    for layer in layers(networks.generator, nn.Linear):
        assert 0.0499 < layer.weight.abs().max() <= 0.05
        assert_std(layer, 0.05 / math.sqrt(3))
    for layer in layers(networks.discriminator, nn.Linear):
        assert layer.weight.abs().max() <= 0.005
        assert_std(layer, 0.005 / math.sqrt(3))
    assert biases_are_zero(networks.generator)
    assert biases_are_zero(networks.discriminator)


def test_2014_tfd_starts_its_sigmoids_low_and_its_output_sparse(build):
    networks = build("mlp_2014", (1, 48, 48), preset="tfd_pretrain", width_factor=0.05)
    first, second, output = layers(networks.generator, nn.Linear)
    assert (first.bias == 0).all()
    assert (second.bias == -2).all()
    assert ((output.weight != 0).sum(1) == 100).all()


def test_2014_cifar10_output_is_wider(build):
    (*_, output) = layers(build("mlp_2014", (3, 32, 32), preset="cifar10", width_factor=0.01).generator, nn.Linear)
    assert 0.49 < output.weight.abs().max() <= 0.5


@pytest.mark.parametrize(("preset", "gain"), [("unrolled_notebook", 1.4), ("unrolled_paper", 0.8)])
def test_unrolled_networks_are_orthogonal(build, preset, gain):
    networks = build("mlp_2d", (2,), preset=preset, small=False)
    for layer in layers(networks.generator, nn.Linear) + layers(networks.discriminator, nn.Linear):
        singular = torch.linalg.svdvals(layer.weight.double())
        torch.testing.assert_close(singular, torch.full_like(singular, gain), rtol=1e-5, atol=1e-5)


def test_wgan_gp_toy_networks(build):
    """Hidden layers are He-uniform with standard deviation sqrt(2 / inputs); the output layer is Glorot-uniform."""
    networks = build("mlp_2d", (2,), preset="wgan_gp", small=False)
    for network in (networks.generator, networks.discriminator):
        *hidden, output = layers(network, nn.Linear)
        for layer in hidden:
            std = math.sqrt(2 / layer.in_features)
            assert_std(layer, std)
            assert layer.weight.abs().max() <= std * math.sqrt(3)
        assert_std(output, math.sqrt(2 / (output.in_features + output.out_features)))


def test_ebgan_keeps_the_framework_initialization(build):
    """Weights and biases are U[-b, b] with b = 1 / sqrt(inputs * kernel).

    PyTorch 0.3.1 drew them so. The source's own initialization finds no layer.
    """
    networks = build("autoencoder", (3, 32, 32), width=16, code_width=16)
    for layer in layers(networks.generator, nn.ConvTranspose2d) + layers(networks.discriminator, (nn.Conv2d, nn.ConvTranspose2d)):
        bound = 1 / math.sqrt(layer.in_channels * 4 * 4)
        assert_std(layer, bound / math.sqrt(3))
        assert layer.weight.abs().max() <= bound
        assert 0 < layer.bias.abs().max() <= bound


def test_r3gan_fix_up(build):
    """Blocks start as the identity. With L blocks, their first two layers have gain sqrt(2 / 1.04) L^(-1/4); all other layers have gain
    1.
    """
    networks = build("r3gan", (3, 32, 32), width=64, blocks=2)
    gain = math.sqrt(2 / 1.04) * (4 * 2) ** -0.25
    for network in (networks.generator, networks.discriminator):
        blocks = [m.layers for m in network.modules() if type(m).__name__ == "_Block"]
        assert len(blocks) == 8
        for first, _, grouped, _, last in blocks:
            assert_std(first, gain / math.sqrt(64))
            assert grouped.groups == 128 // 16
            assert_std(grouped, gain / math.sqrt(16 * 9))
            assert (last.weight == 0).all()
    ends = [networks.generator.layers.layers[0].scales, networks.generator.layers.layers[-2], networks.discriminator.head]
    for layer in ends:
        assert_std(layer, 1 / math.sqrt(layer.weight[0].numel()))


def test_mlp_keeps_the_size_of_signals(build):
    networks = build("mlp", (1, 28, 28), small=False, width=256, depth=4)
    h = torch.randn(512, 64)
    for layer in networks.generator.layers.layers[:-3]:
        h = layer(h)
    assert 0.5 < h.square().mean() < 2


def test_networks_of_an_mlp_may_differ(build):
    networks = build("mlp", (1, 8, 8), small=False, width=16, g_width=24, d_depth=3, dropout=0.5)
    g, d = ([m.out_features for m in layers(network, nn.Linear)] for network in (networks.generator, networks.discriminator))
    assert (g, d) == ([24, 24, 64], [16, 16, 16, 1])
    assert [m.p for m in layers(networks.discriminator, nn.Dropout)] == [0.5] * 3
    assert layers(networks.generator, nn.Dropout) == []


def test_2014_output_starts_at_the_marginals(build):
    """With everything else zero, the generator outputs the mean image of the data. A pixel that is always black stays finite."""
    generator = build("mlp_2014", (1, 28, 28)).generator
    mean = torch.rand(1, 28, 28)
    mean[0, 0, 0] = 0.0
    for layer in layers(generator, nn.Linear):
        nn.init.zeros_(layer.weight)
    generator.adapt_to(mean)
    torch.testing.assert_close(generator(torch.randn(2, 100))[1], mean, rtol=1e-5, atol=1e-6)
    parameters = list(generator.parameters())
    assert parameters
    assert all(p.isfinite().all() for p in parameters)


def test_2014_column_norms_are_clipped_for_tfd_alone(build):
    for preset, limit in (("tfd", 1.9365), ("mnist", None)):
        networks = build("mlp_2014", (1, 16, 16), preset=preset)
        for network in (networks.generator, networks.discriminator):
            for layer in layers(network, nn.Linear):
                nn.init.normal_(layer.weight)
            before = {id(m): m.weight.norm(dim=1).clone() for m in layers(network, nn.Linear)}
            constrain(network)
            for layer in layers(network, nn.Linear):
                expected = before[id(layer)].clamp(max=limit) if limit else before[id(layer)]
                torch.testing.assert_close(layer.weight.norm(dim=1), expected, rtol=1e-5, atol=1e-6)


def test_2014_dropout_is_off_in_evaluation(build):
    discriminator = build("mlp_2014", (1, 16, 16), width_factor=0.1).discriminator
    x = torch.rand(3, 1, 16, 16)
    assert not torch.equal(discriminator(x).logit, discriminator(x).logit)
    discriminator.eval()
    assert torch.equal(discriminator(x).logit, discriminator(x).logit)
