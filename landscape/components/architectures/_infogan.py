"""The generator of the InfoGAN networks, which BEGAN of "Are GANs Created Equal?" uses too (and its VAE, with ReLU)."""

from torch import nn

from landscape.components.architectures._layers import Layers, halvings
from landscape.components.architectures._networks import Generator


def infogan_generator(make: Layers, resolution: int, channels: int, latent_dim: int, width: int) -> Generator:
    """Build the generator: two dense layers and two 4x4 transposed convolutions of stride 2.

    The dense layers lead to 16 `width` units and to 2 `width` maps of resolution / 4, the convolutions to `width` maps and to the image.
    Each layer but the last is followed by a norm (unit by unit after a dense layer) and leaky ReLU 0.2. The last is followed by a sigmoid.
    """
    _, half, quarter = halvings(resolution, 2)
    hidden, units = 16 * width, 2 * width * quarter**2
    layers: list[nn.Module] = [
        *(make.dense(latent_dim, hidden), make.norm(hidden), nn.LeakyReLU(0.2)),
        *(make.dense(hidden, units), make.norm(units), nn.LeakyReLU(0.2)),
        nn.Unflatten(1, (2 * width, quarter, quarter)),
        *(make.transposed(2 * width, width, 4, 2, half), make.norm(width, half, half), nn.LeakyReLU(0.2)),
        *(make.transposed(width, channels, 4, 2, resolution), nn.Sigmoid()),
    ]
    return Generator(layers)
