"""The networks of DCGAN."""

from itertools import pairwise

from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_MAPS, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import FromTanh, Layers, halvings
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import PositiveInt


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | MODULATED,
    default_g_normalization="batch",
    latent=Latent(dim=128, distribution="uniform"),
    published={(3, 64, 64): (5_364_739, 4_314_753)},
    paper="Radford et al. 2016, arXiv:1511.06434; layers as google/compare_gan's dcgan",
)
@takes_class
def dcgan(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    width: PositiveInt = 64,
) -> Networks:
    """DCGAN with 5x5 convolutions of stride 2, as the Landscape study ran it.

    G has a dense layer to 8 `width` maps of resolution / 16, then four transposed convolutions to 4, 2 and 1 times `width` and to the
    image, each after norm and ReLU. It ends in (tanh + 1) / 2. D has four convolutions to 1, 2, 4 and 8 times `width` with leaky ReLU 0.2
    and a norm in all but the first, then a dense layer. It sees images in [0, 1]. In the source, D has batch norm or none; layer and
    instance norm are put at the same places here. The source never wraps a layer of G; spectral and weight normalization wrap all of them
    here. Sizes round up at each halving (28, 14, 7, 4, 2).

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        width: The number of maps next to the image, 64 in the source.
    """
    sizes = halvings(resolution, 4)
    return Networks(
        _generator(Layers(g_normalization), sizes[::-1], channels, latent_dim, width),
        _discriminator(Layers(d_normalization), sizes, d_channels, width),
    )


def _generator(make: Layers, sizes: list[int], channels: int, latent_dim: int, width: int) -> Generator:
    base, widths = sizes[0], [8 * width, 4 * width, 2 * width, width]
    layers: list[nn.Module] = [make.dense(latent_dim, widths[0] * base**2), nn.Unflatten(1, (widths[0], base, base))]
    for (inputs, outputs), (before, after) in zip(pairwise([*widths, channels]), pairwise(sizes), strict=True):
        layers += [make.norm(inputs, before, before), nn.ReLU(), make.transposed(inputs, outputs, 5, 2, after)]
    return Generator([*layers, FromTanh()])


def _discriminator(make: Layers, sizes: list[int], channels: int, width: int) -> Discriminator:
    widths = [width, 2 * width, 4 * width, 8 * width]
    layers: list[nn.Module] = [make.conv(channels, width, 5, 2), nn.LeakyReLU(0.2)]
    for (inputs, outputs), size in zip(pairwise(widths), sizes[2:], strict=True):
        layers += [make.conv(inputs, outputs, 5, 2), make.norm(outputs, size, size), nn.LeakyReLU(0.2)]
    feature_size = widths[-1] * sizes[-1] ** 2
    return Discriminator([*layers, nn.Flatten()], make.dense(feature_size, 1), feature_size)
