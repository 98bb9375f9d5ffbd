"""Plain fully connected networks for images of any shape and for points."""

from math import prod
from typing import Annotated

from annotated_types import Ge, Lt
from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_VECTORS, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import Layers, ToSigned, fan_in_normal
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import PositiveInt


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    samples="any",
    d_normalizations=ON_VECTORS,
    g_normalizations=ON_VECTORS | MODULATED,
    default_g_normalization="batch",
    latent=Latent(dim=64, distribution="normal"),
)
@takes_class
def mlp(
    *,
    shape: tuple[int, ...],
    d_shape: tuple[int, ...],
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    width: PositiveInt = 128,
    depth: PositiveInt = 2,
    g_width: PositiveInt | None = None,
    g_depth: PositiveInt | None = None,
    d_width: PositiveInt | None = None,
    d_depth: PositiveInt | None = None,
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
) -> Networks:
    """Small and fast fully connected networks for first experiments, not taken from a paper.

    G has `depth` times [dense, norm, ReLU], then a dense layer, and a sigmoid for images. D has `depth` times [dense, norm, leaky ReLU
    0.2], then a dense layer to one value. D sees images as 2x - 1. Weights are drawn from N(0, gain^2 / inputs) with the gain of the
    activation, so that signals keep their size at any depth. Biases are 0.

    Args:
        shape: The shape of one sample.
        d_shape: The shape of one input of D.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        width: The number of units of a hidden layer.
        depth: The number of hidden layers.
        g_width, g_depth, d_width, d_depth: Width and depth of one network, if the two differ (EBGAN's grid searches them separately).
        dropout: The share of the units of D's hidden layers that is dropped in training.
    """
    is_image = len(shape) == 3
    return Networks(
        _generator(Layers(g_normalization, fan_in_normal(2**0.5)), shape, latent_dim, g_width or width, g_depth or depth, squash=is_image),
        _discriminator(
            Layers(d_normalization, fan_in_normal((2 / 1.04) ** 0.5)), d_shape, d_width or width, d_depth or depth, dropout, center=is_image
        ),
    )


def _generator(make: Layers, shape: tuple[int, ...], latent_dim: int, width: int, depth: int, *, squash: bool) -> Generator:
    layers: list[nn.Module] = []
    for inputs in [latent_dim] + [width] * (depth - 1):
        layers += [make.dense(inputs, width), make.norm(width), nn.ReLU()]
    layers += [make.dense(width, prod(shape), init=fan_in_normal(1)), nn.Unflatten(1, shape)]
    return Generator([*layers, nn.Sigmoid()] if squash else layers)


def _discriminator(make: Layers, shape: tuple[int, ...], width: int, depth: int, dropout: float, *, center: bool) -> Discriminator:
    layers: list[nn.Module] = [ToSigned(), nn.Flatten()] if center else []
    for inputs in [prod(shape)] + [width] * (depth - 1):
        layers += [make.dense(inputs, width), make.norm(width), nn.LeakyReLU(0.2)]
        layers += [nn.Dropout(dropout)] if dropout else []
    return Discriminator(layers, make.dense(width, 1, init=fan_in_normal(1)), width)
