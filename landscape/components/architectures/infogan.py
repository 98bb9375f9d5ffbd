"""The networks of InfoGAN."""

from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_VECTORS, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._infogan import infogan_generator
from landscape.components.architectures._layers import Layers, halvings
from landscape.components.architectures._networks import Discriminator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import PositiveInt


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    d_normalizations=ON_VECTORS,
    g_normalizations=ON_VECTORS | MODULATED,
    default_g_normalization="batch",
    default_g_hyperparameters={"momentum": 0.001, "epsilon": 1e-3},
    latent=Latent(dim=64, distribution="uniform"),
    published={(1, 28, 28): (6_642_241, 6_556_865), (3, 32, 32): (8_616_131, 8_524_993), (3, 64, 64): (33_855_683, 33_690_817)},
    paper="Chen et al. 2016, arXiv:1606.03657; as Lucic et al. 2018, arXiv:1711.10337 ran it (google/compare_gan)",
)
@takes_class
def infogan(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    width: PositiveInt = 64,
) -> Networks:
    """The network of "Are GANs Created Equal?": InfoGAN's without latent codes, with two convolutions and a wide dense layer.

    G has a dense layer to 16 `width` units, one to 2 `width` maps of resolution / 4, and two 4x4 transposed convolutions of stride 2, with
    leaky ReLU 0.2 and a sigmoid at the end. D has 4x4 convolutions of stride 2 to `width` and 2 `width` maps and a dense layer of 16
    `width` units, with leaky ReLU 0.2 and a norm in all but the first, then a dense layer to one value. In the source, G always has batch
    norm and D has batch norm, spectral norm or none. Other norms are put at the same places here, self-modulation too (one scale and one
    shift for each unit of the flat layers, which compare_gan cannot do). The source's batch norm has momentum 0.001 and epsilon 0.001.
    These are the defaults of G here; for D they must be given.

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        width: The number of maps next to the image, 64 in the source.
    """
    return Networks(
        infogan_generator(Layers(g_normalization), resolution, channels, latent_dim, width),
        _discriminator(Layers(d_normalization), resolution, d_channels, width),
    )


def _discriminator(make: Layers, resolution: int, channels: int, width: int) -> Discriminator:
    quarter, hidden = halvings(resolution, 2)[-1], 16 * width
    layers: list[nn.Module] = [
        *(make.conv(channels, width, 4, 2), nn.LeakyReLU(0.2)),
        *(make.conv(width, 2 * width, 4, 2), make.norm(2 * width, quarter, quarter), nn.LeakyReLU(0.2)),
        nn.Flatten(),
        *(make.dense(2 * width * quarter**2, hidden), make.norm(hidden), nn.LeakyReLU(0.2)),
    ]
    return Discriminator(layers, make.dense(hidden, 1), hidden)
