"""The networks of CycleGAN."""

from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, ON_MAPS, Latent, Networks
from landscape.components.architectures._image_conditions import FromImage, GivenImage, JudgedPair
from landscape.components.architectures._layers import Added, FromTanh, Layers, halvings, normal
from landscape.components.architectures._patches import default_patch_layers, patch_discriminator
from landscape.components.normalizations._base import Normalization
from landscape.components.tasks._base import UNCONDITIONAL, Condition
from landscape.core.registry import NonNegativeInt, PositiveInt


def _refuses(resolution: int) -> str:
    return "" if resolution >= 8 and resolution % 4 == 0 else f"takes multiples of 4 from 8 on as resolution, not {resolution}"


@ARCHITECTURES.register(
    conditions=frozenset({"image"}),
    refuses=_refuses,
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | {"self_modulated"},
    default_g_normalization="instance",
    latent=Latent(dim=8, distribution="normal"),
    published={(3, 128, 128): (7_845_123, 2_767_809), (3, 256, 256): (11_388_675, 2_767_809)},
    has_encoder=False,
    paper="Zhu et al. 2017, arXiv:1703.10593, appendix 7.2; layers as junyanz/pytorch-CycleGAN-and-pix2pix",
)
def resnet_translation(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    condition: Condition = UNCONDITIONAL,
    width: PositiveInt = 64,
    blocks: NonNegativeInt | None = None,
    takes_z: bool = False,
    d_width: PositiveInt | None = None,
    d_layers: PositiveInt | None = None,
) -> Networks:
    """The residual generator of CycleGAN, from an image to an image of the same size, and a PatchGAN.

    G has a 7x7 convolution to `width` maps and two 3x3 convolutions of stride 2 to 2 and 4 times `width`, `blocks` residual blocks [3x3,
    norm, ReLU, 3x3, norm] without ReLU after the sum, two transposed 3x3 convolutions of stride 2 to 2 and 1 times `width`, and a 7x7
    convolution; it ends in (tanh + 1) / 2. A norm and ReLU follow every layer outside of the blocks but the last. The 7x7 convolutions and
    the blocks continue images by reflection at their border. D is a PatchGAN with `d_layers` halvings, which has a norm in all layers but
    the first and the last; the source has instance norm there, which must be named. An image that is smaller than a sample is enlarged by
    repeating its pixels. Weights are N(0, 0.02^2).

    The source's instance norm has no scale and shift, which are here learned for each map. D sees the image that G was given beside the
    sample, where the task gives it one.

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input beside those of the condition.
        latent_dim: The size of z, which is read with `takes_z` alone.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        condition: The image that G receives, and D beside a sample.
        width: The number of maps next to the image, 64 in the source.
        blocks: The number of residual blocks. None stands for 9 from 256 pixels on and 6 below, as in the source.
        takes_z: Whether z is repeated at every position as further channels of G's input. Without it, as in the source, G makes one sample
            of each condition.
        d_width: The number of maps of D's first layer. None stands for `width`.
        d_layers: The number of halvings in D. None stands for 3 from 128 pixels on (the source), 2 from 16 on, and 1 below.

    Raises:
        UserError: The images are too small for D's layers.
    """
    given = GivenImage(condition, resolution, latent_dim if takes_z else 0)
    blocks = blocks if blocks is not None else 9 if resolution >= 256 else 6
    patches = d_layers or default_patch_layers(resolution)
    return Networks(
        _generator(Layers(g_normalization, conv_init=normal), given, channels, width, blocks),
        patch_discriminator(
            Layers(d_normalization, conv_init=normal), JudgedPair(condition, d_channels), resolution, d_width or width, patches
        ),
    )


def _generator(make: Layers, given: GivenImage, channels: int, width: int, blocks: int) -> FromImage:
    whole, half, quarter = halvings(given.side, 2)

    def reflected(inputs: int, outputs: int, kernel: int) -> nn.Module:
        layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="reflect")
        return make.finish(layer, normal)

    def halved(inputs: int, outputs: int) -> nn.Module:
        return make.finish(nn.Conv2d(inputs, outputs, 3, 2, 1), normal)

    def followed(layer: nn.Module, outputs: int, size: int) -> tuple[nn.Module, ...]:
        return layer, make.norm(outputs, size, size), nn.ReLU()

    most = 4 * width
    residual: list[nn.Module] = [
        Added([*followed(reflected(most, most, 3), most, quarter), reflected(most, most, 3), make.norm(most, quarter, quarter)])
        for _ in range(blocks)
    ]
    layers: list[nn.Module] = [
        *followed(reflected(given.channels, width, 7), width, whole),
        *followed(halved(width, 2 * width), 2 * width, half),
        *followed(halved(2 * width, most), most, quarter),
        *residual,
        *followed(make.unpool_conv(most, 2 * width, half), 2 * width, half),
        *followed(make.unpool_conv(2 * width, width, whole), width, whole),
        *(reflected(width, channels, 7), FromTanh()),
    ]
    return FromImage(given, layers)
