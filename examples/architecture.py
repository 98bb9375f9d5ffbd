"""A pair of networks: dense, with one hidden layer each. Images lie in [0, 1]."""

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

    The keywords without defaults are given by the program; `d_channels` differs from `channels` where D sees packs of samples.
    """
    shape = (channels, resolution, resolution)
    hidden = d_normalization.wrap(nn.Linear(d_channels * resolution**2, width))
    return Networks(
        generator=Generator([nn.Linear(latent_dim, width), nn.ReLU(), nn.Linear(width, prod(shape)), nn.Sigmoid(), nn.Unflatten(1, shape)]),
        discriminator=Discriminator([nn.Flatten(), hidden, nn.LeakyReLU(0.2)], d_normalization.wrap(nn.Linear(width, 1)), width),
    )
