"""Convolutional networks between DCGAN and deep stacks, as the random architectures of the WGAN-GP paper."""

from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import softplus

from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_MAPS, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import FromTanh, Layers, glorot_relu, halvings
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt

Activation = Literal["relu", "leaky_relu", "shifted_softplus", "tanh"]
HALVINGS, KERNEL = 3, 5


class ShiftedSoftplus(nn.Module):
    """Computes softplus(2x + 2) / 2 - 1, a smooth ReLU that is near x for large x and near -1 for small x."""

    def forward(self, x: Tensor) -> Tensor:
        return softplus(2 * x + 2) / 2 - 1


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | MODULATED,
    default_g_normalization="batch",
    latent=Latent(dim=128, distribution="normal"),
    paper="Gulrajani et al. 2017, arXiv:1704.00028, table 1",
)
@takes_class
def dcgan_variants(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    g_width: PositiveInt = 64,
    d_width: PositiveInt = 64,
    g_depth: PositiveInt = 4,
    d_depth: PositiveInt = 4,
    g_activation: Activation = "relu",
    d_activation: Activation = "leaky_relu",
) -> Networks:
    """Networks of a chosen depth, width and nonlinearity, with 5x5 kernels and three changes of resolution.

    At depth 4, G has a dense layer to 4 `g_width` maps of resolution / 8 and three transposed convolutions of stride 2, and D has three
    convolutions of stride 2 and a dense layer. Each further layer is a convolution of stride 1, which keeps the number of maps. The paper
    says which depths it draws and not where the layers are: here they are spread evenly over the resolutions, those of the fewest pixels
    first. A norm and the nonlinearity follow every layer but the last of each network and, for the norm, the first of D. Weights begin as
    Glorot and Bengio's uniform ones times the root of 2, which is a choice of this project.

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        g_width: The number of maps of G next to the image. The paper draws 32, 64 or 128.
        d_width: The number of maps of D next to the image.
        g_depth: The number of layers of G. The paper draws 4, 8, 12 or 20.
        d_depth: The number of layers of D.
        g_activation: The nonlinearity of G.
        d_activation: The nonlinearity of D.

    Raises:
        UserError: A depth is below 4.
    """
    for side, depth in (("g_depth", g_depth), ("d_depth", d_depth)):
        if depth < HALVINGS + 1:
            raise UserError(f"dcgan_variants: {side}={depth}: give 4 or more, because the resolution changes three times")
    sizes = halvings(resolution, HALVINGS)
    make_g, make_d = (Layers(n, glorot_relu, glorot_relu, glorot_relu) for n in (g_normalization, d_normalization))
    return Networks(
        _generator(make_g, sizes[::-1], (latent_dim, channels), g_width, g_depth, g_activation),
        _discriminator(make_d, sizes, d_channels, d_width, d_depth, d_activation),
    )


def activation(name: Activation) -> nn.Module:
    """Return the nonlinearity of a name."""
    match name:
        case "relu":
            return nn.ReLU()
        case "leaky_relu":
            return nn.LeakyReLU(0.2)
        case "shifted_softplus":
            return ShiftedSoftplus()
        case "tanh":
            return nn.Tanh()


def further_layers(depth: int) -> list[int]:
    """Return the number of layers of stride 1 at each of the three resolutions, that of the fewest pixels first."""
    further = depth - HALVINGS - 1
    return [further // HALVINGS + (place < further % HALVINGS) for place in range(HALVINGS)]


def _same(make: Layers, maps: int, size: int, count: int, name: Activation) -> list[nn.Module]:
    """Layers of stride 1 that keep the number of maps."""
    return [layer for _ in range(count) for layer in (make.conv(maps, maps, KERNEL), make.norm(maps, size, size), activation(name))]


def _generator(make: Layers, sizes: list[int], ends: tuple[int, int], width: int, depth: int, name: Activation) -> Generator:
    (latent_dim, channels), maps = ends, [4 * width, 2 * width, width]
    layers: list[nn.Module] = [make.dense(latent_dim, maps[0] * sizes[0] ** 2), nn.Unflatten(1, (maps[0], sizes[0], sizes[0]))]
    for place, (inputs, outputs, count) in enumerate(zip(maps, [*maps[1:], channels], further_layers(depth), strict=True)):
        layers += [make.norm(inputs, sizes[place], sizes[place]), activation(name)]
        layers += _same(make, inputs, sizes[place], count, name)
        layers.append(make.transposed(inputs, outputs, KERNEL, 2, sizes[place + 1]))
    return Generator([*layers, FromTanh()])


def _discriminator(make: Layers, sizes: list[int], channels: int, width: int, depth: int, name: Activation) -> Discriminator:
    maps, layers = [width, 2 * width, 4 * width], list[nn.Module]()
    for place, (inputs, outputs, count) in enumerate(zip([channels, *maps[:-1]], maps, further_layers(depth)[::-1], strict=True)):
        size = sizes[place + 1]
        layers += [make.conv(inputs, outputs, KERNEL, 2), *([make.norm(outputs, size, size)] if place else []), activation(name)]
        layers += _same(make, outputs, size, count, name)
    feature_size = maps[-1] * sizes[-1] ** 2
    return Discriminator([*layers, nn.Flatten()], make.dense(feature_size, 1), feature_size)
