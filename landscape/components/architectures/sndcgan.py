"""The networks called SNDCGAN."""

from itertools import pairwise
from typing import Literal

from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_MAPS, ON_VECTORS, ArchitectureFacts, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import FromTanh, Layers, ToSigned, halvings, normal
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import PositiveInt

_BATCH_2E_5 = {"epsilon": 2e-5}


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    d_normalizations=ON_MAPS,
    g_normalizations=ON_VECTORS | MODULATED,
    default_g_normalization="batch",
    default_g_hyperparameters=_BATCH_2E_5,
    latent=Latent(dim=128, distribution="uniform"),
    published={(3, 32, 32): (3_828_739, 5_860_865), (3, 128, 128): (19_926_019, 5_983_745)},
    presets={
        "sngan": ArchitectureFacts(
            d_normalizations=ON_MAPS,
            g_normalizations=ON_MAPS | MODULATED,
            default_g_normalization="batch",
            default_g_hyperparameters=_BATCH_2E_5,
            latent=Latent(dim=128, distribution="normal"),
            published={(3, 32, 32): (3_812_355, 2_935_873), (3, 48, 48): (5_133_315, 2_946_113)},
        )
    },
    paper="Miyato et al. 2018, arXiv:1802.05957, table 3; layers as google/compare_gan's sndcgan",
)
@takes_class
def sndcgan(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    preset: Literal["landscape", "sngan"] = "landscape",
    width: PositiveInt = 64,
) -> Networks:
    """SNDCGAN: the "standard CNN" of the spectral normalization paper, as the Landscape study ran it.

    G has a dense layer to 8 `width` maps of resolution / 8, then three 4x4 transposed convolutions of stride 2 to 4, 2 and 1 times `width`,
    each followed by norm and ReLU, then a 3x3 one to the image and (tanh + 1) / 2. D sees images as 2x - 1. It has seven convolutions, by
    turns 3x3 of stride 1 and 4x4 of stride 2, with leaky ReLU 0.1, then a dense layer. The source's D takes no normalization but spectral.
    Others are put after every convolution but the first here, as in DCGAN. All weights are drawn from N(0, 0.02^2).

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        preset: `landscape` normalizes G's dense layer unit by unit, with ReLU after it, and D's maps are 64, 128, 128, 256, 256, 512, 512.
            Self-modulation scales and shifts the dense layer unit by unit too, which compare_gan cannot do. `sngan` is the paper's table:
            nothing after G's dense layer, and D's maps are 64, 64, 128, 128, 256, 256, 512.
        width: The number of maps next to the image, 64 in both sources.
    """
    sizes = halvings(resolution, 3)
    factors = {"landscape": [1, 2, 2, 4, 4, 8, 8], "sngan": [1, 1, 2, 2, 4, 4, 8]}[preset]
    g_layers, d_layers = Layers(g_normalization), Layers(d_normalization, conv_init=normal)
    return Networks(
        _generator(g_layers, sizes[::-1], channels, latent_dim, width, normalized_base=preset == "landscape"),
        _discriminator(d_layers, sizes, d_channels, [width * f for f in factors]),
    )


def _generator(make: Layers, sizes: list[int], channels: int, latent_dim: int, width: int, *, normalized_base: bool) -> Generator:
    widths = [8 * width, 4 * width, 2 * width, width]
    units = widths[0] * sizes[0] ** 2
    layers: list[nn.Module] = [make.dense(latent_dim, units)]
    if normalized_base:
        layers += [make.norm(units), nn.ReLU()]
    layers.append(nn.Unflatten(1, (widths[0], sizes[0], sizes[0])))
    for (inputs, outputs), size in zip(pairwise(widths), sizes[1:], strict=True):
        layers += [make.transposed(inputs, outputs, 4, 2, size), make.norm(outputs, size, size), nn.ReLU()]
    return Generator([*layers, make.transposed(width, channels, 3, 1, sizes[-1]), FromTanh()])


def _discriminator(make: Layers, sizes: list[int], channels: int, widths: list[int]) -> Discriminator:
    layers: list[nn.Module] = [ToSigned(), make.conv(channels, widths[0], 3), nn.LeakyReLU(0.1)]
    for depth, (inputs, outputs) in enumerate(pairwise(widths), start=1):
        kernel, stride, size = (4, 2, sizes[(depth + 1) // 2]) if depth % 2 else (3, 1, sizes[depth // 2])
        layers += [make.conv(inputs, outputs, kernel, stride), make.norm(outputs, size, size), nn.LeakyReLU(0.1)]
    feature_size = widths[-1] * sizes[-1] ** 2
    return Discriminator([*layers, nn.Flatten()], make.dense(feature_size, 1), feature_size)
