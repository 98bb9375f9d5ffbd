"""The networks of the first GAN paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Literal

from torch import nn

from landscape.components.architectures._2014 import BoundedDiscriminator, BoundedGenerator, MaxoutConv, UntiedBias, sparse_normal
from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_VECTORS, ArchitectureFacts, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import Initializer, Layers, Recenter, uniform
from landscape.components.architectures._maxout import Maxout
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import Positive


@dataclass(frozen=True)
class _Nets:
    """The hidden layers of G as (units, activation, bias), G's output layer, and D's number of maxout units (5 pieces each)."""

    g_hidden: tuple[tuple[int, Literal["relu", "sigmoid"], float], ...]
    g_output: Literal["sigmoid", "linear", "maps"]
    g_output_init: Initializer
    d_units: int
    max_column_norm: float | None = None


_TFD_END: tuple[tuple[int, Literal["relu", "sigmoid"], float], ...] = ((8000, "relu", 0.0), (8000, "sigmoid", -2.0))
_CIFAR: tuple[tuple[int, Literal["relu", "sigmoid"], float], ...] = ((8000, "relu", 0.0), (8000, "sigmoid", 0.0))
_NETS: Mapping[str, _Nets] = {
    "mnist": _Nets(((1200, "relu", 0.0), (1200, "relu", 0.0)), "sigmoid", uniform(0.05), 240),
    "tfd_pretrain": _Nets(_TFD_END, "sigmoid", sparse_normal(100), 1200, max_column_norm=1.9365),
    "tfd": _Nets(((8000, "relu", 0.0), (100, "sigmoid", -2.0), *_TFD_END), "sigmoid", sparse_normal(100), 1200, max_column_norm=1.9365),
    "cifar10": _Nets(_CIFAR, "linear", uniform(0.5), 1600),
    "cifar10_conv": _Nets(_CIFAR, "maps", uniform(0.05), 500),
}


def _only_32(resolution: int) -> str:
    return "" if resolution == 32 else f"with preset cifar10_conv takes resolution 32, not {resolution}"


_NORMAL = Latent(dim=100, distribution="normal")
_facts = partial(ArchitectureFacts, d_normalizations=ON_VECTORS, g_normalizations=ON_VECTORS | MODULATED)


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    d_normalizations=ON_VECTORS,
    g_normalizations=ON_VECTORS | MODULATED,
    latent=Latent(dim=100, distribution="uniform", bound=3**0.5),
    published={(1, 28, 28): (2_503_984, 1_231_441)},
    presets={
        "tfd_pretrain": _facts(latent=_NORMAL, published={(1, 48, 48): (83_250_304, 21_037_201)}),
        "tfd": _facts(latent=_NORMAL, published={(1, 48, 48): (84_858_404, 21_037_201)}),
        "cifar10": _facts(latent=_NORMAL, published={(3, 32, 32): (89_395_072, 37_393_601)}),
        "cifar10_conv": _facts(latent=_NORMAL, refuses=_only_32, published={(3, 32, 32): (64_825_072, 12_454_073)}),
    },
    paper="Goodfellow et al. 2014, arXiv:1406.2661; configurations of the authors' code, goodfeli/adversarial",
)
@takes_class
def mlp_2014(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    preset: Literal["mnist", "tfd_pretrain", "tfd", "cifar10", "cifar10_conv"] = "mnist",
    width_factor: Positive = 1.0,
) -> Networks:
    """The first GANs: a fully connected G with ReLU and sigmoid units, and a maxout D with dropout.

    D's dropout keeps 0.8 of the inputs and 0.5 of every hidden layer; kept units are scaled up by 1 / keep in training. Weights start in
    U[-0.05, 0.05] in G's hidden layers and in U[-0.005, 0.005] in D. The source has no normalization; norms are put before G's hidden
    activations and after D's maxout layers here.

    The source starts G's output bias at the mean of the data. Call the generator's `adapt_to(mean image)` before training if it has that
    method (mnist, tfd). For TFD the source clips column norms after every update: see `constrained` of both networks.

    Presets:

    - `mnist`: G has 1200 and 1200 ReLU units and a sigmoid output. D has 240 and 240 maxout units of 5 pieces.
    - `tfd_pretrain`: G has 8000 ReLU and 8000 sigmoid units; its output weights are sparse (100 inputs per pixel). D has 1200 and 1200
    maxout units.
    - `tfd`: G has two more layers in front of a trained `tfd_pretrain` G. Here all its layers start untrained.
    - `cifar10`: G has 8000 ReLU and 8000 sigmoid units and a linear output. D has 1600 and 1600 maxout units.
    - `cifar10_conv`: G has 8000 ReLU units, 8000 sigmoid units read as 80 maps of 10x10, and a 5x5 transposed convolution of stride 3 with
    one bias per pixel. D has three maxout convolutions (2 pieces, max pooling) and 500 maxout units.

    The CIFAR-10 sources normalize the contrast of each image to unit variance, which cannot be undone. Here D sees 4 (x - 0.5), which has a
    variance near 1 on CIFAR-10, and G gives 0.5 + output / 4. G's output is linear as in the source, so it may leave [0, 1].

    Args:
        resolution: The side of the images; 32 for `cifar10_conv`.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        preset: The configuration of the source.
        width_factor: Multiplies the number of units (and maps) of every hidden layer.
    """
    nets = _NETS[preset]
    g_layers, d_layers = Layers(g_normalization, uniform(0.05)), Layers(d_normalization, uniform(0.005))
    shape, d_shape = (channels, resolution, resolution), (d_channels, resolution, resolution)
    discriminator = _conv_discriminator if nets.g_output == "maps" else _discriminator
    return Networks(_generator(g_layers, nets, latent_dim, shape, width_factor), discriminator(d_layers, nets, d_shape, width_factor))


def _scaled(units: int, factor: float) -> int:
    return max(round(units * factor), 1)


def _generator(make: Layers, nets: _Nets, latent_dim: int, shape: tuple[int, int, int], factor: float) -> BoundedGenerator:
    layers: list[nn.Module] = []
    maps, size = _scaled(80, factor), latent_dim
    for units, activation, bias in nets.g_hidden:
        last_of_maps = nets.g_output == "maps" and activation == "sigmoid"
        width = 100 * maps if last_of_maps else _scaled(units, factor)
        dense = make.dense(size, width)
        nn.init.constant_(dense.bias, bias)  # type: ignore[arg-type]
        layers += [dense, make.norm(width), nn.ReLU() if activation == "relu" else nn.Sigmoid()]
        size = width
    if nets.g_output == "maps":
        deconvolution = make.finish(nn.ConvTranspose2d(maps, shape[0], 5, 3, bias=False), nets.g_output_init)
        return BoundedGenerator([*layers, nn.Unflatten(1, (maps, 10, 10)), deconvolution, UntiedBias(shape), Recenter(0.25, 0.5)])
    output = make.dense(size, prod(shape), init=nets.g_output_init)
    if nets.g_output == "linear":
        return BoundedGenerator([*layers, output, nn.Unflatten(1, shape), Recenter(0.25, 0.5)])
    layers += [output, nn.Unflatten(1, shape), nn.Sigmoid()]
    return BoundedGenerator(layers, nets.max_column_norm, marginal_layer=len(layers) - 3)


def _discriminator(make: Layers, nets: _Nets, shape: tuple[int, int, int], factor: float) -> BoundedDiscriminator:
    units = _scaled(nets.d_units, factor)
    body: list[nn.Module] = [Recenter(4.0, -2.0)] if nets.g_output == "linear" else []
    body += [nn.Flatten(), nn.Dropout(0.2), Maxout(make, prod(shape), units, 5), make.norm(units)]
    body += [nn.Dropout(0.5), Maxout(make, units, units, 5), make.norm(units)]
    return BoundedDiscriminator(body, nn.Sequential(nn.Dropout(0.5), make.dense(units, 1)), units, nets.max_column_norm)


def _conv_discriminator(make: Layers, nets: _Nets, shape: tuple[int, int, int], factor: float) -> BoundedDiscriminator:
    first, last, units = _scaled(32, factor), _scaled(192, factor), _scaled(nets.d_units, factor)
    body: list[nn.Module] = [
        *(Recenter(4.0, -2.0), nn.Dropout(0.2)),
        *(MaxoutConv(make, shape[0], first, kernel=8, padding=4, pool=4), make.norm(first, 16, 16), nn.Dropout(0.5)),  # 32 -> 33 -> 16
        *(MaxoutConv(make, first, first, kernel=8, padding=3, pool=4), make.norm(first, 7, 7), nn.Dropout(0.5)),  # 16 -> 15 -> 7
        *(MaxoutConv(make, first, last, kernel=5, padding=3, pool=2), make.norm(last, 5, 5), nn.Dropout(0.5)),  # 7 -> 9 -> 5
        *(nn.Flatten(), Maxout(make, last * 25, units, 5), make.norm(units)),
    ]
    return BoundedDiscriminator(body, nn.Sequential(nn.Dropout(0.5), make.dense(units, 1)), units)
