"""Fully connected networks with an autoencoder as discriminator, as in EBGAN's grid search."""

from itertools import pairwise
from math import prod
from typing import Annotated

from annotated_types import Ge
from torch import nn

from landscape.components.architectures._autoencoder import AutoencoderDiscriminator, EnergyKind
from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_VECTORS, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import Layers, fan_in_normal
from landscape.components.architectures._networks import Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import PositiveInt


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    samples="any",
    output="energy",
    d_normalizations=ON_VECTORS,
    g_normalizations=ON_VECTORS | MODULATED,
    default_g_normalization="batch",
    latent=Latent(dim=100, distribution="normal"),
    published={(1, 32, 32): (9_498_624, 2_099_200)},
    has_encoder=False,
    paper="Zhao et al. 2017, arXiv:1609.03126, section 4.1",
)
@takes_class
def autoencoder_mlp(
    *,
    shape: tuple[int, ...],
    d_shape: tuple[int, ...],
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    g_layers: Annotated[int, Ge(2)] = 5,
    d_layers: Annotated[int, Ge(2)] = 2,
    g_width: PositiveInt = 1600,
    d_width: PositiveInt = 1024,
    dropout: bool = False,
    energy: EnergyKind = "per_image_norm",
) -> Networks:
    """EBGAN's fully connected networks, whose grid the paper compares with plain GANs (`mlp` is the plain network).

    G has `g_layers` - 1 times [dense, norm, ReLU], then dense and sigmoid. D's encoder has `d_layers` - 1 times [dense, norm, ReLU, and
    dropout 0.5 if asked for]; its decoder is a dense layer and a sigmoid. For points there is no sigmoid. The defaults are the setting of
    the paper's margin study (figure 9). The sources that we read do not give the latent distribution (here 100, normal), the norm of G
    (here batch norm), the initialization (here He's), or the place and rate of dropout.

    Args:
        shape: The shape of one sample.
        d_shape: The shape of one input of D.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        g_layers: The number of layers with weights in G; 2 to 5 in the grid.
        d_layers: The number of layers with weights in encoder and decoder together; 2 to 5 in the grid.
        g_width: The number of units in G's hidden layers; 400, 800, 1600 or 3200 in the grid.
        d_width: The number of units in the encoder's layers; 128, 256, 512 or 1024 in the grid.
        dropout: Whether D has dropout.
        energy: `per_image_norm` is the paper's norm of the error, whose values can reach the paper's margin of 10.
    """
    make = Layers(g_normalization, fan_in_normal(2**0.5))
    return Networks(
        _generator(make, [latent_dim, *[g_width] * (g_layers - 1)], shape),
        _discriminator(Layers(d_normalization, make.dense_init), [d_width] * (d_layers - 1), d_shape, energy, dropout=dropout),
    )


def _output(shape: tuple[int, ...]) -> list[nn.Module]:
    return [nn.Unflatten(1, shape), *([nn.Sigmoid()] if len(shape) == 3 else [])]


def _generator(make: Layers, widths: list[int], shape: tuple[int, ...]) -> Generator:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [make.dense(inputs, outputs), make.norm(outputs), nn.ReLU()]
    return Generator([*layers, make.dense(widths[-1], prod(shape), init=fan_in_normal(1)), *_output(shape)])


def _discriminator(make: Layers, widths: list[int], shape: tuple[int, ...], kind: EnergyKind, *, dropout: bool) -> AutoencoderDiscriminator:
    encoder: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in pairwise([prod(shape), *widths]):
        encoder += [make.dense(inputs, outputs), make.norm(outputs), nn.ReLU(), *([nn.Dropout(0.5)] if dropout else [])]
    decoder = [make.dense(widths[-1], prod(shape), init=fan_in_normal(1)), *_output(shape)]
    return AutoencoderDiscriminator(encoder, decoder, kind)
