"""Parameter counts at the published shapes, added up from the sources' tables (weights, biases, norms of G)."""

import pytest
import torch

from landscape.components.architectures._base import ARCHITECTURES
from landscape.components.normalizations._base import NORMALIZATIONS
from landscape.components.regularizers._kernels import kernels
from landscape.components.tasks._base import UNCONDITIONAL, Condition


def dense(inputs, outputs):
    return inputs * outputs + outputs


def conv(inputs, outputs, kernel):
    return inputs * outputs * kernel * kernel + outputs


def bn(channels):
    return 2 * channels


def dcgan(z, base, pixels):
    """G has 512 maps of base x base and four 5x5 transposed convolutions. D's four 5x5 convolutions end at base x base."""
    g = dense(z, 512 * base**2) + bn(512)
    g += conv(512, 256, 5) + bn(256) + conv(256, 128, 5) + bn(128) + conv(128, 64, 5) + bn(64) + conv(64, pixels, 5)
    d = conv(pixels, 64, 5) + conv(64, 128, 5) + conv(128, 256, 5) + conv(256, 512, 5) + dense(512 * base**2, 1)
    return g, d


def sndcgan(base):
    g = dense(128, 512 * base**2) + bn(512 * base**2)  # The norm works unit by unit.
    g += conv(512, 256, 4) + bn(256) + conv(256, 128, 4) + bn(128) + conv(128, 64, 4) + bn(64) + conv(64, 3, 3)
    d = conv(3, 64, 3) + conv(64, 128, 4) + conv(128, 128, 3) + conv(128, 256, 4) + conv(256, 256, 3) + conv(256, 512, 4)
    return g, d + conv(512, 512, 3) + dense(512 * base**2, 1)


def sndcgan_paper(base):
    g = dense(128, 512 * base**2)
    g += conv(512, 256, 4) + bn(256) + conv(256, 128, 4) + bn(128) + conv(128, 64, 4) + bn(64) + conv(64, 3, 3)
    d = conv(3, 64, 3) + conv(64, 64, 4) + conv(64, 128, 3) + conv(128, 128, 4) + conv(128, 256, 3) + conv(256, 256, 4)
    return g, d + conv(256, 512, 3) + dense(512 * base**2, 1)


def infogan(quarter, c):
    g = dense(64, 1024) + bn(1024) + dense(1024, 128 * quarter**2) + bn(128 * quarter**2)
    g += conv(128, 64, 4) + bn(64) + conv(64, c, 4)
    d = conv(c, 64, 4) + conv(64, 128, 4) + dense(128 * quarter**2, 1024) + dense(1024, 1)
    return g, d


def landscape_block(i, o):
    """Count a block of 3x3 i -> o, 3x3 o -> o and a 3x3 shortcut i -> o."""
    return conv(i, o, 3) + conv(o, o, 3) + conv(i, o, 3)


def landscape_g_block(i, o):
    return landscape_block(i, o) + bn(i) + bn(o)


def resnet_cifar():
    g = dense(128, 4 * 4 * 256) + 3 * landscape_g_block(256, 256) + bn(256) + conv(256, 3, 3)
    d = landscape_block(3, 128) + 3 * landscape_block(128, 128) + dense(128, 1)
    return g, d


def plain_g_block(i, o):
    """Count an upsampling block of 3x3 i -> o, 3x3 o -> o and a 1x1 shortcut."""
    return bn(i) + conv(i, o, 3) + bn(o) + conv(o, o, 3) + conv(i, o, 1)


def resnet_cifar_sngan():
    g = dense(128, 4 * 4 * 256) + 3 * plain_g_block(256, 256) + bn(256) + conv(256, 3, 3)
    first = conv(3, 128, 3) + conv(128, 128, 3) + conv(3, 128, 1)
    second = 2 * conv(128, 128, 3) + conv(128, 128, 1)
    plain = 2 * conv(128, 128, 3)  # The shortcut is the identity.
    return g, first + second + 2 * plain + 128  # The last layer has no bias.


def resnet_cifar_wgan_gp():
    g = dense(128, 4 * 4 * 128) + 3 * plain_g_block(128, 128) + bn(128) + conv(128, 3, 3)
    _, d = resnet_cifar_sngan()
    return g, d + 1


def resnet_stl():
    g = dense(128, 6 * 6 * 512) + landscape_g_block(512, 256) + landscape_g_block(256, 128) + landscape_g_block(128, 64)
    d = landscape_block(3, 64) + landscape_block(64, 128) + landscape_block(128, 256) + landscape_block(256, 512)
    return g + bn(64) + conv(64, 3, 3), d + landscape_block(512, 1024) + dense(1024, 1)


def resnet_stl_sngan():
    g = dense(128, 6 * 6 * 512) + plain_g_block(512, 256) + plain_g_block(256, 128) + plain_g_block(128, 64)
    d = conv(3, 64, 3) + conv(64, 64, 3) + conv(3, 64, 1)
    for i in (64, 128, 256, 512):
        d += conv(i, i, 3) + conv(i, 2 * i, 3) + conv(i, 2 * i, 1)  # D widens in its second convolution.
    return g + bn(64) + conv(64, 3, 3), d + 1024


def resnet19():
    g = dense(128, 4 * 4 * 512)
    for i, o in [(512, 512), (512, 256), (256, 256), (256, 128), (128, 64)]:
        g += landscape_g_block(i, o)
    d = landscape_block(3, 64)
    for i, o in [(64, 128), (128, 256), (256, 256), (256, 512), (512, 512)]:
        d += landscape_block(i, o)
    return g + bn(64) + conv(64, 3, 3), d + dense(512, 1)


def resnet107():
    g, d = dense(128, 4 * 4 * 512), conv(3, 16, 3)
    for c in (512, 256, 128, 64, 32, 16):
        g += 5 * landscape_g_block(c, c)
        d += 5 * landscape_block(c, c)
    for c in (512, 256, 128, 64, 32):
        g += landscape_g_block(c, c // 2)
        d += landscape_block(c // 2, c)
    return g + conv(16, 3, 3), d + dense(4 * 4 * 512, 1)


def maxout(inputs, units, pieces=5):
    return dense(inputs, units * pieces)


def mlp_2014_mnist():
    return dense(100, 1200) + dense(1200, 1200) + dense(1200, 784), maxout(784, 240) + maxout(240, 240) + dense(240, 1)


def mlp_2014_tfd_pretrain():
    g = dense(100, 8000) + dense(8000, 8000) + dense(8000, 2304)
    return g, maxout(2304, 1200) + maxout(1200, 1200) + dense(1200, 1)


def mlp_2014_tfd():
    g, d = mlp_2014_tfd_pretrain()
    return dense(100, 8000) + dense(8000, 100) + g, d


def mlp_2014_cifar10():
    g = dense(100, 8000) + dense(8000, 8000) + dense(8000, 3072)
    return g, maxout(3072, 1600) + maxout(1600, 1600) + dense(1600, 1)


def mlp_2014_cifar10_conv():
    g = dense(100, 8000) + dense(8000, 8000) + 80 * 3 * 5 * 5 + 3 * 32 * 32  # There is one bias for each pixel.
    d = conv(3, 2 * 32, 8) + conv(32, 2 * 32, 8) + conv(32, 2 * 192, 5) + maxout(192 * 5 * 5, 500) + dense(500, 1)
    return g, d


def mlp_2d_pacgan():
    g = 2 * 400 + 3 * 400 * 400 + 4 * bn(400) + dense(400, 2)  # The hidden layers have no biases.
    return g, maxout(2, 200) + maxout(200, 200) + maxout(200, 200) + dense(200, 1)


def mlp_2d_unrolled_notebook():
    return dense(256, 128) + dense(128, 128) + dense(128, 2), dense(2, 128) + dense(128, 128) + dense(128, 1)


def mlp_2d_unrolled_paper():
    return dense(256, 128) + dense(128, 128) + dense(128, 2), dense(2, 128) + dense(128, 1)


def mlp_2d_wgan_gp():
    return dense(2, 512) + 2 * dense(512, 512) + dense(512, 2), dense(2, 512) + 2 * dense(512, 512) + dense(512, 1)


def stacked_mnist_unrolled():
    g = dense(256, 4 * 4 * 64) + bn(64) + conv(64, 32, 3) + bn(32) + conv(32, 16, 3) + bn(16) + conv(16, 8, 3) + bn(8) + conv(8, 3, 3)
    return g, conv(3, 4, 3) + conv(4, 8, 3) + conv(8, 16, 3) + dense(16 * 4 * 4, 1)  # D has half of G's 8, 16 and 32 maps.


def ebgan():
    g = (
        dense(100, 4 * 4 * 1024)
        + conv(1024, 512, 4)
        + bn(512)
        + conv(512, 256, 4)
        + bn(256)
        + conv(256, 128, 4)
        + bn(128)
        + conv(128, 3, 4)
    )
    d = conv(3, 64, 4) + conv(64, 128, 4) + conv(128, 128, 4) + conv(128, 128, 4) + conv(128, 64, 4) + conv(64, 3, 4)
    return g, d


def began(quarter, c):
    g, _ = infogan(quarter, c)
    units = 128 * quarter**2
    d = conv(c, 64, 4) + conv(64, 128, 4) + dense(units, 64) + dense(64, units) + conv(128, 64, 4) + conv(64, c, 4)
    return g, d


def autoencoder_mlp():
    g = dense(100, 1600) + 3 * dense(1600, 1600) + 4 * bn(1600) + dense(1600, 1024)
    return g, dense(1024, 1024) + dense(1024, 1024)  # The images have 32 x 32 = 1024 pixels, and the code has 1024 units.


def r3gan():
    block = 768 * 1536 + 1536 * 16 * 9 + 1536 * 768 + 2 * 1536  # Groups have 16 channels, and only the two activations have biases.
    blocks = 4 * 2 * block
    return 768 * 16 + 64 * 768 + blocks + 768 * 3, 3 * 768 + blocks + 768 * 16 + 768


def progressive(stages):
    """Stage s has min(8192 / 2^s, 512) maps, and stage 1 is 4x4. There is a layer to and from images at every stage."""
    maps = [min(8192 // 2**s, 512) for s in range(stages + 1)]
    g = 512 * maps[1] * 16 + maps[1] + conv(maps[1], maps[1], 3)  # The dense layer has one bias for each map.
    d = conv(maps[1] + 1, maps[1], 3) + dense(maps[1] * 16, maps[0]) + dense(maps[0], 1)
    for s in range(2, stages + 1):
        g += conv(maps[s - 1], maps[s], 3) + conv(maps[s], maps[s], 3)
        d += conv(maps[s], maps[s], 3) + conv(maps[s], maps[s - 1], 3)
    return g + sum(conv(m, 3, 1) for m in maps[1:]), d + sum(conv(3, m, 1) for m in maps[1:])


def unet():
    """pix2pix at 256 pixels, whose G receives z as 8 further channels. D sees both images."""
    g = conv(3 + 8, 64, 4) + conv(64, 128, 4) + conv(128, 256, 4) + conv(256, 512, 4) + 4 * conv(512, 512, 4)
    g += bn(128) + bn(256) + 4 * bn(512)
    g += conv(512, 512, 4) + 3 * conv(1024, 512, 4) + conv(1024, 256, 4) + conv(512, 128, 4) + conv(256, 64, 4) + conv(128, 3, 4)
    g += 4 * bn(512) + bn(256) + bn(128) + bn(64)
    return g, conv(6, 64, 4) + conv(64, 128, 4) + conv(128, 256, 4) + conv(256, 512, 4) + conv(512, 1, 4)


def srresnet():
    """SRGAN from 24 to 96 pixels, whose G receives z as 8 further channels. Every PReLU has one slope. D sees both images."""
    block = 2 * (conv(64, 64, 3) + bn(64)) + 1
    g = conv(3 + 8, 64, 9) + 1 + 16 * block + conv(64, 64, 3) + bn(64) + 2 * (conv(64, 256, 3) + 1) + conv(64, 3, 9)
    d = conv(6, 64, 3) + conv(64, 64, 3) + conv(64, 128, 3) + conv(128, 128, 3) + conv(128, 256, 3) + conv(256, 256, 3)
    return g, d + conv(256, 512, 3) + conv(512, 512, 3) + dense(6 * 6 * 512, 1024) + dense(1024, 1)


def gan_cls():
    """GAN-CLS at 64 pixels. Each network reads texts of 14 tokens by vectors of 32, two convolutions over 3 words, and a dense layer."""
    text = 14 * 32 + (32 * 128 * 3 + 128) + (128 * 128 * 3 + 128) + dense(128, 256)

    def block(maps):
        inner = maps // 4
        return conv(maps, inner, 1) + conv(inner, inner, 3) + conv(inner, maps, 3) + 2 * bn(inner) + bn(maps)

    g = dense(100 + 256, 1024 * 16) + bn(1024) + block(1024) + conv(1024, 512, 4) + bn(512) + block(512)
    g += conv(512, 256, 4) + bn(256) + conv(256, 128, 4) + bn(128) + conv(128, 3, 4)
    d = conv(3, 64, 4) + conv(64, 128, 4) + conv(128, 256, 4) + conv(256, 512, 4) + conv(512 + 256, 512, 1) + dense(8192, 1)
    return text + g, text + d


def resnet_translation(blocks):
    """CycleGAN, whose norms have a scale and a shift here. D sees both images."""
    ends, inner = conv(3, 64, 7) + conv(64, 3, 7), conv(64, 128, 3) + conv(128, 256, 3) + conv(256, 128, 3) + conv(128, 64, 3)
    norms = 2 * bn(64) + 2 * bn(128) + bn(256)
    d = conv(6, 64, 4) + conv(64, 128, 4) + conv(128, 256, 4) + conv(256, 512, 4) + conv(512, 1, 4)
    return ends + inner + norms + blocks * 2 * (conv(256, 256, 3) + bn(256)), d


def mel_conv():
    """Eight convolutions over time in four blocks, whose norms are linear in 16 latent values and 16 of the voice, for 41 phones and 4 voices."""
    conditional = 2 * dense(16 + 16, 128)
    g = 41 * 32 + 4 * 16 + dense(3 * (32 + 16 + 16), 128) + 8 * (dense(3 * 128, 128) + conditional) + conditional + dense(128, 64)
    d = 41 * 64 + 4 * 64 + conv(1 + 2, 64, 4) + conv(64, 128, 4) + conv(128, 256, 4) + conv(256, 1, 4)
    return g, d


CONDITIONS = {
    "mel_conv": Condition("speech", size=16, shape=(65,), vocabulary=41, voices=4),
    "gan_cls": Condition("text", shape=(6,), vocabulary=14),
    "unet": Condition("image", shape=(3, 256, 256)),
    "srresnet": Condition("image", shape=(3, 24, 24)),
    "resnet_translation": Condition("image", shape=(3, 128, 128)),
}

PUBLISHED = {
    ("dcgan", None, (3, 64, 64)): dcgan(128, 4, 3),
    ("sndcgan", "landscape", (3, 32, 32)): sndcgan(4),
    ("sndcgan", "landscape", (3, 128, 128)): sndcgan(16),
    ("sndcgan", "sngan", (3, 32, 32)): sndcgan_paper(4),
    ("sndcgan", "sngan", (3, 48, 48)): sndcgan_paper(6),
    ("infogan", None, (1, 28, 28)): infogan(7, 1),
    ("infogan", None, (3, 32, 32)): infogan(8, 3),
    ("infogan", None, (3, 64, 64)): infogan(16, 3),
    ("resnet_cifar", "landscape", (3, 32, 32)): resnet_cifar(),
    ("resnet_cifar", "sngan", (3, 32, 32)): resnet_cifar_sngan(),
    ("resnet_cifar", "wgan_gp", (3, 32, 32)): resnet_cifar_wgan_gp(),
    ("resnet_stl", "landscape", (3, 48, 48)): resnet_stl(),
    ("resnet_stl", "sngan", (3, 48, 48)): resnet_stl_sngan(),
    ("resnet19", None, (3, 128, 128)): resnet19(),
    ("resnet107", None, (3, 128, 128)): resnet107(),
    ("mlp_2014", "mnist", (1, 28, 28)): mlp_2014_mnist(),
    ("mlp_2014", "tfd_pretrain", (1, 48, 48)): mlp_2014_tfd_pretrain(),
    ("mlp_2014", "tfd", (1, 48, 48)): mlp_2014_tfd(),
    ("mlp_2014", "cifar10", (3, 32, 32)): mlp_2014_cifar10(),
    ("mlp_2014", "cifar10_conv", (3, 32, 32)): mlp_2014_cifar10_conv(),
    ("mlp_2d", "pacgan", (2,)): mlp_2d_pacgan(),
    ("mlp_2d", "unrolled_notebook", (2,)): mlp_2d_unrolled_notebook(),
    ("mlp_2d", "unrolled_paper", (2,)): mlp_2d_unrolled_paper(),
    ("mlp_2d", "wgan_gp", (2,)): mlp_2d_wgan_gp(),
    ("stacked_mnist", "unrolled", (3, 28, 28)): stacked_mnist_unrolled(),
    ("stacked_mnist", "pacgan", (3, 28, 28)): dcgan(100, 2, 3),
    ("autoencoder", "ebgan", (3, 64, 64)): ebgan(),
    ("autoencoder", "began", (1, 28, 28)): began(7, 1),
    ("autoencoder", "began", (3, 32, 32)): began(8, 3),
    ("autoencoder", "began", (3, 64, 64)): began(16, 3),
    ("autoencoder_mlp", None, (1, 32, 32)): autoencoder_mlp(),
    ("r3gan", None, (3, 32, 32)): r3gan(),
    ("progressive", None, (3, 1024, 1024)): progressive(9),
    ("unet", None, (3, 256, 256)): unet(),
    ("srresnet", None, (3, 96, 96)): srresnet(),
    ("gan_cls", None, (3, 64, 64)): gan_cls(),
    ("mel_conv", None, (1, 64, 64)): mel_conv(),
    ("resnet_translation", None, (3, 128, 128)): resnet_translation(6),
    ("resnet_translation", None, (3, 256, 256)): resnet_translation(9),
}


def _count(module):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


@pytest.mark.parametrize(("name", "preset", "shape"), PUBLISHED, ids=lambda value: str(value).replace(" ", ""))
def test_published_count(build, name, preset, shape):
    chosen = {"preset": preset} if preset else {}
    facts = ARCHITECTURES[name].facts.of(chosen)
    with torch.device("meta"):
        condition = CONDITIONS.get(name, UNCONDITIONAL)
        normal = NORMALIZATIONS[facts.default_g_normalization].call(
            hyperparameters=facts.default_g_hyperparameters, latent_dim=facts.latent.dim + condition.size, condition=condition
        )
        networks = build(name, shape, g=normal, small=False, condition=condition, **chosen)
    expected = PUBLISHED[name, preset, shape]
    assert (_count(networks.generator), _count(networks.discriminator)) == expected
    assert facts.published[shape] == expected


@pytest.mark.parametrize(("fraction", "maps"), [(0.5, (4, 8, 16)), (0.25, (2, 4, 8))])
def test_the_discriminators_of_unrolled_gans_stacked_mnist(build, fraction, maps):
    """D is 1/2 G or 1/4 G: three 3x3 convolutions, from 28 to 14, 7 and 4 pixels, and a dense layer."""
    first, second, third = maps
    expected = conv(3, first, 3) + conv(first, second, 3) + conv(second, third, 3) + dense(third * 4 * 4, 1)
    with torch.device("meta"):
        networks = build("stacked_mnist", (3, 28, 28), g="batch", small=False, preset="unrolled", d_fraction=fraction)
    assert _count(networks.discriminator) == expected


def test_every_declared_count_is_derived_here():
    declared = set()
    for name in ARCHITECTURES:
        component = ARCHITECTURES[name]
        if component.is_plugin:
            continue
        default = component.hyperparameters["preset"].default if "preset" in component.hyperparameters else None
        for preset, facts in {default: component.facts, **component.facts.presets}.items():
            declared |= {(name, preset, shape) for shape in facts.published}
    assert declared == set(PUBLISHED)


def test_counts_that_the_sources_state():
    """R3GAN's paper says about 20.7 million at 32x32, progressive growing's 23.1 at 1024x1024. compare_gan has 8.5 million for InfoGAN's D and 1.3 million for BEGAN's at 32x32."""
    assert [round(n / 1e6, 1) for n in r3gan()] == [20.7, 20.7]
    assert [round(n / 1e6, 1) for n in progressive(9)] == [23.1, 23.1]
    assert round(infogan(8, 3)[1] / 1e6, 1) == 8.5
    assert round(began(8, 3)[1] / 1e6, 1) == 1.3


KERNELS = {  # Numbers of kernels of D. compare_gan asserts the first six; R3GAN's kernels are its convolutions and its linear map.
    ("infogan", None, (3, 32, 32)): 4,
    ("dcgan", None, (3, 64, 64)): 5,
    ("sndcgan", "landscape", (3, 32, 32)): 8,
    ("resnet_cifar", "landscape", (3, 32, 32)): 13,
    ("resnet19", None, (3, 128, 128)): 19,
    ("resnet107", None, (3, 128, 128)): 107,
    ("r3gan", None, (3, 32, 32)): 1 + 8 * 3 + 2,
}


@pytest.mark.parametrize(("name", "preset", "shape"), KERNELS, ids=lambda value: str(value).replace(" ", ""))
def test_kernels_of_published_discriminators(build, name, preset, shape):
    """`l2` takes the mean over these kernels. No bias is among them, whatever its shape."""
    with torch.device("meta"):
        networks = build(name, shape, small=False, **({"preset": preset} if preset else {}))
    assert len(kernels(networks.discriminator)) == KERNELS[name, preset, shape]


def test_kernels_are_weights_of_layers(build, variant, smallest_shape):
    name, preset = variant
    with torch.device("meta"):
        discriminator = build(name, smallest_shape(name, preset), preset=preset).discriminator
    names = {id(p): name for name, p in discriminator.named_parameters()}
    assert [names[id(p)] for p in kernels(discriminator) if not names[id(p)].endswith("weight")] == []
