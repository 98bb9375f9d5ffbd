"""Convolutional autoencoders as discriminators: the networks of EBGAN and BEGAN."""

import math
from itertools import pairwise
from typing import Literal

from torch import nn

from landscape.components.architectures._autoencoder import AutoencoderDiscriminator, EnergyKind
from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_MAPS, ON_VECTORS, ArchitectureFacts, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._infogan import infogan_generator
from landscape.components.architectures._layers import FromTanh, Layers, as_is, halvings
from landscape.components.architectures._networks import Generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import PositiveInt


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    revision=2,
    output="energy",
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | MODULATED,
    default_g_normalization="batch",
    latent=Latent(dim=100, distribution="normal"),
    published={(3, 64, 64): (12_673_667, 793_091)},
    presets={
        "began": ArchitectureFacts(
            output="energy",
            d_normalizations=ON_VECTORS,
            g_normalizations=ON_VECTORS | MODULATED,
            default_g_normalization="batch",
            default_g_hyperparameters={"momentum": 0.001, "epsilon": 1e-3},
            latent=Latent(dim=64, distribution="uniform"),
            published={(1, 28, 28): (6_642_241, 1_073_601), (3, 32, 32): (8_616_131, 1_325_379), (3, 64, 64): (33_855_683, 4_495_683)},
            has_encoder=False,
        )
    },
    has_encoder=False,
    paper="Zhao et al. 2017, arXiv:1609.03126; Berthelot et al. 2017, arXiv:1703.10717, as google/compare_gan ran it",
)
@takes_class
def autoencoder(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    preset: Literal["ebgan", "began"] = "ebgan",
    width: PositiveInt = 64,
    code_width: PositiveInt | None = None,
    energy: EnergyKind | None = None,
) -> Networks:
    """Energy-based D: the reconstruction error of a convolutional autoencoder, which is lower for more real images.

    Preset `ebgan` has the 64x64 networks of 1Konny/EBGAN-pytorch. D encodes with 4x4 convolutions of stride 2 to `width`, 2 `width` and
    `code_width` maps, with leaky ReLU 0.2. It decodes with their mirror images and ends in tanh. A norm follows every layer but the first,
    also the layer that makes the image. (The source has batch norm in D: name it.) G has a dense layer to 16 `width` maps of resolution /
    16 and four such transposed convolutions. Weights start as PyTorch of that time initialized them, because the source's own
    initialization was never executed. D sees images as 2x - 1.

    Preset `began` has the networks with which "Are GANs Created Equal?" ran BEGAN. D has two such convolutions (no activation after the
    second) and a dense code, then their mirror images, and ends in a sigmoid. A norm follows every layer but the two convolutions and the
    last layer. G is infogan's.

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        preset: The source of the networks.
        width: The number of maps next to the image.
        code_width: The number of maps (`ebgan`) or units (`began`) of the code. None stands for 128 (`ebgan`: the source's CelebA run; the
            paper has 256) or 64 (`began`).
        energy: None stands for `per_image_norm` (`ebgan`) or `mean_absolute` (`began`, as in its source). `per_image_norm` is the norm of
            the EBGAN paper, whose values can reach the paper's margins; the `mean_square` of the `ebgan` source never reaches them.
    """
    g_layers, d_layers = Layers(g_normalization), Layers(d_normalization)
    if preset == "began":
        generator = infogan_generator(g_layers, resolution, channels, latent_dim, width)
        return Networks(generator, _began(d_layers, resolution, d_channels, width, code_width or 64, energy or "mean_absolute"))
    default = {"dense_init": as_is, "conv_init": as_is, "transposed_init": as_is, "bias_init": as_is}
    g_layers, d_layers = Layers(g_normalization, **default), Layers(d_normalization, **default)
    sizes = halvings(resolution, 4)
    generator = _ebgan_generator(g_layers, sizes[::-1], channels, latent_dim, width)
    discriminator = _ebgan(d_layers, sizes[:4], d_channels, [width, 2 * width, code_width or 128], energy or "per_image_norm")
    for network in (generator, discriminator):
        _initialize_transposed(network)
    return Networks(generator, discriminator)


def _initialize_transposed(network: nn.Module) -> None:
    """Draw from U[-b, b] with b = 1 / sqrt(in * kh * kw), as PyTorch 0.3 did for transposed convolutions too.

    Since version 1.0, PyTorch counts the outputs of transposed convolutions instead of their inputs.
    """
    for layer in network.modules():
        if isinstance(layer, nn.ConvTranspose2d):
            bound = (layer.in_channels * math.prod(layer.kernel_size)) ** -0.5
            for tensor in (layer.weight, layer.bias):
                if tensor is not None:
                    nn.init.uniform_(tensor, -bound, bound)


def _ebgan_generator(make: Layers, sizes: list[int], channels: int, latent_dim: int, width: int) -> Generator:
    widths, base = [16 * width, 8 * width, 4 * width, 2 * width], sizes[0]
    layers: list[nn.Module] = [make.dense(latent_dim, widths[0] * base**2), nn.Unflatten(1, (widths[0], base, base))]
    for (inputs, outputs), size in zip(pairwise(widths), sizes[1:4], strict=True):
        layers += [make.transposed(inputs, outputs, 4, 2, size), make.norm(outputs, size, size), nn.ReLU()]
    return Generator([*layers, make.transposed(widths[-1], channels, 4, 2, sizes[-1]), FromTanh()])


def _ebgan(make: Layers, sizes: list[int], channels: int, widths: list[int], kind: EnergyKind) -> AutoencoderDiscriminator:
    encoder: list[nn.Module] = [make.conv(channels, widths[0], 4, 2), nn.LeakyReLU(0.2)]
    for (inputs, outputs), size in zip(pairwise(widths), sizes[2:], strict=True):
        encoder += [make.conv(inputs, outputs, 4, 2), make.norm(outputs, size, size), nn.LeakyReLU(0.2)]
    decoder: list[nn.Module] = []
    for (inputs, outputs), size in zip(pairwise([*widths[::-1], channels]), sizes[2::-1], strict=True):
        decoder += [make.transposed(inputs, outputs, 4, 2, size), make.norm(outputs, size, size), nn.LeakyReLU(0.2)]
    return AutoencoderDiscriminator(encoder, [*decoder[:-1], nn.Tanh()], kind, scale=2.0, shift=-1.0)


def _began(make: Layers, resolution: int, channels: int, width: int, code_width: int, kind: EnergyKind) -> AutoencoderDiscriminator:
    _, half, quarter = halvings(resolution, 2)
    units = 2 * width * quarter**2
    encoder = [
        *(make.conv(channels, width, 4, 2), nn.LeakyReLU(0.2), make.conv(width, 2 * width, 4, 2), nn.Flatten()),
        *(make.dense(units, code_width), make.norm(code_width), nn.LeakyReLU(0.2)),
    ]
    decoder = [
        *(make.dense(code_width, units), make.norm(units), nn.LeakyReLU(0.2), nn.Unflatten(1, (2 * width, quarter, quarter))),
        *(make.transposed(2 * width, width, 4, 2, half), make.norm(width, half, half), nn.LeakyReLU(0.2)),
        *(make.transposed(width, channels, 4, 2, resolution), nn.Sigmoid()),
    ]
    return AutoencoderDiscriminator(encoder, decoder, kind)
