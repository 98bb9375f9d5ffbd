"""Fully connected networks with an autoencoder as discriminator: EBGAN's grid."""

from itertools import pairwise
from math import prod
from typing import Annotated

from annotated_types import Ge
from torch import nn

from landscape.components.architectures._autoencoder import AutoencoderDiscriminator, EnergyKind
from landscape.components.architectures._base import ARCHITECTURES, ON_VECTORS, Latent, Networks
from landscape.components.architectures._layers import Layers, fan_in_normal
from landscape.components.architectures._networks import Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import PositiveInt


@ARCHITECTURES.register(
    samples="any",
    output="energy",
    d_normalizations=ON_VECTORS,
    g_normalizations=ON_VECTORS | {"self_modulated"},
    default_g_normalization="batch",
    latent=Latent(dim=100, distribution="normal"),
    published={(1, 32, 32): (9_498_624, 2_099_200)},
    has_encoder=False,
    paper="Zhao et al. 2017, arXiv:1609.03126, section 4.1",
)
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
    """The fully connected networks whose grid EBGAN compares with plain GANs (`mlp` is the plain one). For points the output is linear.

    G: `g_layers` - 1 times [dense, norm, ReLU], dense, sigmoid. D: `d_layers` - 1 times [dense, norm, ReLU, dropout 0.5 if asked] as
    encoder, a dense layer and a sigmoid as decoder. Defaults are the setting of the paper's margin study (figure 9). What our sources
    do not say: latent (100, normal), batch norm in G, He initialization, dropout's place and rate.

    Args:
        g_layers: weight layers of G; the grid has 2 to 5.
        d_layers: weight layers of encoder and decoder together; the grid has 2 to 5.
        g_width: units of G's hidden layers; the grid has 400, 800, 1600, 3200.
        d_width: units of the encoder's layers; the grid has 128, 256, 512, 1024.
        dropout: in D.
        energy: `per_image_norm`, the paper's norm of the error, with which its margin of 10 binds.
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
