"""A plugin with an architecture: a generator and a discriminator with one hidden layer each. Images are in [0, 1]."""

from math import prod

from torch import nn

from landscape.components.architectures import ARCHITECTURES, Discriminator, Generator, Networks
from landscape.components.normalizations import Normalization
from landscape.core.registry import PositiveInt


@ARCHITECTURES.register(d_normalizations=frozenset({"none", "spectral"}), has_features=False, has_encoder=False)
def one_hidden(
    *, resolution: int, channels: int, d_channels: int, latent_dim: int, d_normalization: Normalization, width: PositiveInt = 64
) -> Networks:
    """Dense networks with one hidden layer of `width` units.

    The program supplies the keywords without defaults. `d_channels` differs from `channels` if D sees packs of samples.

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        d_normalization: The normalization of D.
        width: The number of units of the hidden layers.
    """
    shape = (channels, resolution, resolution)
    hidden = d_normalization.wrap(nn.Linear(d_channels * resolution**2, width))
    return Networks(
        generator=Generator([nn.Linear(latent_dim, width), nn.ReLU(), nn.Linear(width, prod(shape)), nn.Sigmoid(), nn.Unflatten(1, shape)]),
        discriminator=Discriminator([nn.Flatten(), hidden, nn.LeakyReLU(0.2)], d_normalization.wrap(nn.Linear(width, 1)), width),
    )
