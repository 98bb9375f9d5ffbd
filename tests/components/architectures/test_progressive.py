"""Progressive growing: its layers written out, what fading mixes, and what is not computed."""

import numpy as np
import pytest
import torch

from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.architectures._growing import Course
from landscape.components.architectures.progressive import _Conv, _Dense, _Deviation, _PixelNorm
from landscape.training.growing import Growth

SIDE = 16
"""Images of 16x16 have the resolutions 4, 8 and 16, and their training the phases 0 to 4."""
COURSE = Course(3, 0.8)


@pytest.fixture
def networks(build):
    torch.manual_seed(0)
    made = build("progressive", (1, SIDE, SIDE), grown=0.8, latent_dim=6, fmap_base=32, fmap_max=6, fmap_decay=0.5)
    return made.generator, made.discriminator


def entered(networks, share):
    growth = Growth(networks)
    growth.enter(share)
    growth.fade(torch.tensor(share))
    return growth


def test_course():
    assert [COURSE.begin(phase) for phase in range(5)] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    shares = [0, 0.1, 0.2, 0.25, 0.4, 0.5, 0.7, 0.8, 1]
    phases = [COURSE.phase(share) for share in shares]
    assert phases == [0, 0, 1, 1, 2, 2, 3, 4, 4]
    levels = [float(COURSE.level(phase, torch.tensor(share))) for phase, share in zip(phases, shares, strict=True)]
    assert levels == pytest.approx([0, 0, 0, 0.25, 1, 1, 1.5, 2, 2], abs=1e-6)
    fixed = Course(3, 0.0)
    assert fixed.phase(0) == fixed.last == 4


@pytest.mark.parametrize(("fmap_decay", "maps"), [(1.0, (32, 16, 8)), (0.5, (45, 32, 22))])
def test_widths(build, fmap_decay, maps):
    made = build("progressive", (3, SIDE, SIDE), fmap_base=64, fmap_max=512, fmap_decay=fmap_decay)
    assert tuple(layer.in_channels for layer in made.generator.layers.layers[0].to_image) == maps
    assert made.discriminator.feature_size == 64


def test_equalized_learning_rate():
    """Weights are standard normal, and the outputs of unit inputs have the variance of the gain."""
    torch.manual_seed(0)
    conv, dense = _Conv(64, 64), _Dense(256, 256, gain=1.0)
    for layer in (conv, dense):
        assert float(layer.weight.detach().std()) == pytest.approx(1, abs=0.02)
    x = torch.randn(16, 64, 8, 8)
    expected = torch.nn.functional.conv2d(x, conv.weight * (2 / (64 * 9)) ** 0.5, padding=1)
    torch.testing.assert_close(conv(x), expected)
    assert float(dense(torch.randn(500, 256)).detach().std()) == pytest.approx(1, abs=0.05)


def test_pixel_norm_and_deviation_in_numpy():
    x = torch.randn(6, 3, 4, 4)
    a = x.double().numpy()
    np.testing.assert_allclose(_PixelNorm()(x), a / np.sqrt((a**2).mean(1, keepdims=True) + 1e-8), rtol=1e-5)
    found = _Deviation(4)(x)  # Six samples have groups of three: 0, 2, 4 and 1, 3, 5.
    assert torch.equal(found[:, :3], x)
    for first in (0, 1):
        expected = np.sqrt(a[first::2].var(axis=0) + 1e-8).mean()
        np.testing.assert_allclose(found[first::2, 3], np.full((3, 4, 4), expected), rtol=1e-5)


def numpy_generator(part, z, stage):
    """The images of a stage, before they are enlarged, and those of the stage before."""

    def layer(x, weight, bias, gain, size):
        kernel = weight.detach().double().numpy() * gain / np.sqrt(weight[0].numel())
        padded = np.pad(x, ((0, 0), (0, 0), (size // 2,) * 2, (size // 2,) * 2))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(2, 3))
        return np.einsum("nchwij,ocij->nohw", windows, kernel) + bias.detach().double().numpy()[:, None, None]

    def normalized(x):
        return x / np.sqrt((x**2).mean(1, keepdims=True) + 1e-8)

    def activated(x):
        return normalized(np.where(x > 0, x, 0.2 * x))

    def image(x, k):
        return 0.5 + 0.5 * layer(x, part.to_image[k].weight, part.to_image[k].bias, 1.0, 1)

    base, *doublings = part.blocks
    weight = base[1].weight.detach().double().numpy()
    x = (normalized(z.double().numpy()) @ weight.T * np.sqrt(2) / 4 / np.sqrt(weight.shape[1])).reshape(len(z), -1, 4, 4)
    x = activated(x + base[3].bias.detach().double().numpy()[:, None, None])
    x = activated(layer(x, base[6].weight, base[6].bias, np.sqrt(2), 3))
    images = [image(x, 0)]
    for k, block in enumerate(doublings[:stage], start=1):
        x = x.repeat(2, 2).repeat(2, 3)
        for conv in (block[1], block[4]):
            x = activated(layer(x, conv.weight, conv.bias, np.sqrt(2), 3))
        images.append(image(x, k))
    return images


@pytest.mark.parametrize(("share", "stage", "fresh"), [(0.1, 0, 1), (0.25, 1, 0.25), (0.5, 1, 1), (0.7, 2, 0.5), (0.9, 2, 1)])
def test_generator_in_numpy(networks, share, stage, fresh):
    generator, _ = networks
    for p in generator.parameters():
        torch.nn.init.normal_(p)
    entered(networks, share)
    z = torch.randn(3, 6)
    images = numpy_generator(generator.layers.layers[0], z, stage)
    expected = images[stage]
    if fresh < 1:
        expected = fresh * expected + (1 - fresh) * images[stage - 1].repeat(2, 2).repeat(2, 3)
    factor = SIDE // expected.shape[-1]
    np.testing.assert_allclose(generator(z).detach(), expected.repeat(factor, 2).repeat(factor, 3), rtol=1e-4, atol=1e-5)


def means(images, factor):
    """Averages over blocks, at full size."""
    n, c, h, w = images.shape
    small = images.reshape(n, c, h // factor, factor, w // factor, factor).mean((3, 5))
    return small.repeat(factor, 2).repeat(factor, 3)


def test_real_images_are_averaged_and_faded(networks):
    real = torch.rand(2, 1, SIDE, SIDE)
    a = real.double().numpy()
    for share, expected in ((0.1, means(a, 4)), (0.25, 0.25 * means(a, 2) + 0.75 * means(a, 4)), (0.9, a)):
        np.testing.assert_allclose(entered(networks, share).parts[0].shown(real), expected, rtol=1e-5)
    assert entered(networks, 0.9).parts[0].shown(real) is real


def test_growing_is_continuous(networks):
    """When a resolution begins to be faded in, and when that ends, nothing jumps: G's images, D's logits and the real images."""
    z, real = torch.randn(4, 6), torch.rand(4, 1, SIDE, SIDE)
    generator, discriminator = networks
    for begin in (0.2, 0.4, 0.6, 0.8):
        sides = []
        for share in (begin - 1e-6, begin + 1e-6):
            growth = entered(networks, share)
            shown = growth.parts[0].shown(real)
            sides.append((generator(z), discriminator(shown).logit, shown))
        for before, after in zip(*sides, strict=True):
            torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-4)


def test_only_layers_of_the_phase_have_gradients(networks):
    for share, idle in ((0.1, 2 * 2 + 2), (0.25, 2 + 1), (0.5, 2 + 2), (0.7, 1), (0.9, 2)):
        growth = entered(networks, share)
        for network in networks:
            network.zero_grad()
        generator, discriminator = networks
        discriminator(generator(torch.randn(4, 6))).logit.sum().backward()
        for network in networks:
            used = growth.used(network)
            assert {name for name, p in network.named_parameters() if p.grad is not None} == used.keys()
            layers = {name.rsplit(".", 1)[0] for name, _ in network.named_parameters()} - {name.rsplit(".", 1)[0] for name in used}
            assert len(layers) == idle


def test_a_state_has_the_phase(networks, build):
    generator, _ = networks
    entered(networks, 0.25)
    z = torch.randn(2, 6)
    expected = generator(z)
    again = build("progressive", (1, SIDE, SIDE), grown=0.8, latent_dim=6, fmap_base=32, fmap_max=6, fmap_decay=0.5).generator
    again.load_state_dict(generator.state_dict())
    assert torch.equal(again(z), expected)


@pytest.mark.parametrize("resolution", [4, 28, 48, 2048])
def test_other_sizes_are_refused(resolution):
    reason = ARCHITECTURES["progressive"].facts.refuses(resolution)
    assert (
        reason
        == f"doubles images from 4x4 on and takes the powers of two from 8 to 1024, not {resolution}: give one of these as resolution"
    )
