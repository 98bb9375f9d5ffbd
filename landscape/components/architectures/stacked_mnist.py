"""The networks with which papers count the modes of Stacked-MNIST."""

from itertools import pairwise
from typing import Annotated, Literal

from annotated_types import Gt, Le
from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_MAPS, ArchitectureFacts, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import FromTanh, Layers, ToSigned, halvings
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.architectures.dcgan import dcgan
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import PositiveInt

_G_NORMALIZATIONS = ON_MAPS | MODULATED


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    d_normalizations=ON_MAPS,
    g_normalizations=_G_NORMALIZATIONS,
    default_g_normalization="batch",
    latent=Latent(dim=256, distribution="normal"),
    published={(3, 28, 28): (287_875, 1_833)},
    presets={
        "pacgan": ArchitectureFacts(
            d_normalizations=ON_MAPS,
            g_normalizations=_G_NORMALIZATIONS,
            default_g_normalization="batch",
            latent=Latent(dim=100, distribution="uniform"),
            published={(3, 28, 28): (4_514_819, 4_308_609)},
        ),
    },
    paper="Metz et al. 2017, arXiv:1611.02163, and Lin et al. 2018, arXiv:1712.04086, as the latter's code has them",
)
@takes_class
def stacked_mnist(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    preset: Literal["unrolled", "pacgan"] = "unrolled",
    width: PositiveInt | None = None,
    d_fraction: Annotated[float, Gt(0), Le(1)] = 0.5,
) -> Networks:
    """The networks of the two settings in which papers count the 1000 modes of Stacked-MNIST.

    Both sources have batch norm in D, which must be named.

    Presets:

    - `unrolled`: G has a dense layer to 8 `width` maps of resolution / 8, three 3x3 transposed convolutions of stride 2 down to `width`
    maps, a 3x3 convolution and (tanh + 1) / 2. D has three 3x3 convolutions of stride 2 on 2x - 1, with leaky ReLU 0.3 and a norm in all of
    them.
    - `pacgan`: The networks of `dcgan` (D on images in [0, 1]) with the latent distribution of that setting. The source's G ends in a tanh,
    whose negative half no real image reaches; here it ends in (tanh + 1) / 2.

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        preset: The setting.
        width: The number of maps next to the image. None stands for 8 (`unrolled`) or 64 (`pacgan`).
        d_fraction: For `unrolled`, D's number of maps as a share of G's. The sources run 1/2 (4, 8 and 16 maps) and 1/4 (2, 4 and 8).
    """
    if preset == "pacgan":
        return dcgan(
            resolution=resolution,
            channels=channels,
            d_channels=d_channels,
            latent_dim=latent_dim,
            g_normalization=g_normalization,
            d_normalization=d_normalization,
            width=width or 64,
        )
    unit, sizes = width or 8, halvings(resolution, 3)
    return Networks(
        _generator(Layers(g_normalization), sizes[::-1], channels, latent_dim, unit),
        _discriminator(Layers(d_normalization), sizes, d_channels, max(round(unit * d_fraction), 1)),
    )


def _generator(make: Layers, sizes: list[int], channels: int, latent_dim: int, width: int) -> Generator:
    widths, base = [8 * width, 4 * width, 2 * width, width], sizes[0]
    layers = [
        make.dense(latent_dim, widths[0] * base**2),
        nn.Unflatten(1, (widths[0], base, base)),
        make.norm(widths[0], base, base),
        nn.ReLU(),
    ]
    for (inputs, outputs), size in zip(pairwise(widths), sizes[1:], strict=True):
        layers += [make.transposed(inputs, outputs, 3, 2, size), make.norm(outputs, size, size), nn.ReLU()]
    return Generator([*layers, make.conv(width, channels, 3), FromTanh()])


def _discriminator(make: Layers, sizes: list[int], channels: int, width: int) -> Discriminator:
    layers: list[nn.Module] = [ToSigned()]
    for (inputs, outputs), size in zip(pairwise([channels, width, 2 * width, 4 * width]), sizes[1:], strict=True):
        layers += [make.conv(inputs, outputs, 3, 2), make.norm(outputs, size, size), nn.LeakyReLU(0.3)]
    feature_size = 4 * width * sizes[-1] ** 2
    return Discriminator([*layers, nn.Flatten()], make.dense(feature_size, 1), feature_size)
