"""The U-Net and the PatchGAN of pix2pix."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from landscape.components.architectures._base import ARCHITECTURES, ON_MAPS, Latent, Networks
from landscape.components.architectures._image_conditions import GivenImage, JudgedPair
from landscape.components.architectures._layers import Chain, FromTanh, Layers, halvings, normal
from landscape.components.architectures._patches import default_patch_layers, patch_discriminator
from landscape.components.normalizations._base import Normalization
from landscape.components.tasks._base import UNCONDITIONAL, Condition
from landscape.core.errors import UserError
from landscape.core.registry import Fraction, PositiveInt


class UNet(nn.Module):
    """Layers that halve an image and layers that double it again, each of which also receives the maps of its size from the way down."""

    def __init__(self, given: GivenImage, down: list[list[nn.Module]], up: list[list[nn.Module]]) -> None:
        super().__init__()
        self.given = given
        self.down, self.up = (nn.ModuleList(Chain(layers) for layers in way) for way in (down, up))

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        passed: list[Tensor] = []
        x: Tensor = self.given(z, condition)
        for layers in self.down:
            x = layers(x, z)
            passed.append(x)
        x = passed.pop()
        for layers in self.up:
            x = layers(x, z)
            if passed:
                x = torch.cat([x, passed.pop()], 1)
        return x


def _refuses(resolution: int) -> str:
    is_taken = 8 <= resolution <= 128 or resolution == 256
    return "" if is_taken else f"takes resolutions from 8 to 128, and 256, not {resolution}"


@ARCHITECTURES.register(
    conditions=frozenset({"image"}),
    refuses=_refuses,
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | {"self_modulated"},
    default_g_normalization="batch",
    latent=Latent(dim=8, distribution="normal"),
    published={(3, 256, 256): (54_427_651, 2_767_809)},
    has_encoder=False,
    paper="Isola et al. 2017, arXiv:1611.07004; layers as phillipi/pix2pix",
)
def unet(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    condition: Condition = UNCONDITIONAL,
    width: PositiveInt = 64,
    depth: PositiveInt | None = None,
    dropout: Fraction = 0.5,
    takes_z: bool = True,
    d_width: PositiveInt | None = None,
    d_layers: PositiveInt | None = None,
) -> Networks:
    """The U-Net of pix2pix, from an image to an image of the same size, and a PatchGAN, which judges patches of both beside each other.

    G has `depth` 4x4 convolutions of stride 2 to 1, 2, 4 and then 8 times `width` maps, with leaky ReLU 0.2 before and a norm after all but
    the first and the last, then as many transposed convolutions after ReLU, with a norm after all but the last. Each of these also
    receives the maps of its size from the way down. It ends in (tanh + 1) / 2. D is a PatchGAN with `d_layers` halvings, which has a norm
    in all layers but the first and the last; the source has batch norm there, which must be named. An image that is smaller than a sample
    is enlarged by repeating its pixels. Weights are N(0, 0.02^2).

    In the source G has no z and draws by dropout, which it keeps in use when it makes samples. Here z is repeated at every position as
    further channels of the input, and dropout acts in training alone.

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input beside those of the condition.
        latent_dim: The size of z, 8 as in BicycleGAN.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        condition: The image that G receives, and D beside a sample.
        width: The number of maps next to the image, 64 in the source.
        depth: The number of halvings. None stands for as many as reach one pixel (8 at 256 pixels, as in the source).
        dropout: The share of the activations that is dropped in the first three layers of the way up if there are eight, as in the source,
            and in `depth` - 5 layers if there are fewer.
        takes_z: Whether G receives z. Without it, G makes one sample of each condition.
        d_width: The number of maps of D's first layer. None stands for `width`.
        d_layers: The number of halvings in D. None stands for 3 from 128 pixels on (the source), 2 from 16 on, and 1 below.

    Raises:
        UserError: The images are too small for so many halvings.
    """
    most = (resolution - 1).bit_length()
    depth = depth or most
    if depth > most:
        raise UserError(f"depth={depth} halves images with a side of {resolution} pixels past one pixel: choose at most {most}")
    sizes = halvings(resolution, depth)
    given = GivenImage(condition, resolution, latent_dim if takes_z else 0)
    layers = d_layers or default_patch_layers(resolution)
    pair = JudgedPair(condition, d_channels)
    return Networks(
        _generator(Layers(g_normalization, conv_init=normal), given, sizes, channels, width, dropout),
        patch_discriminator(Layers(d_normalization, conv_init=normal), pair, resolution, d_width or width, layers),
    )


def _generator(make: Layers, given: GivenImage, sizes: list[int], channels: int, width: int, dropout: float) -> UNet:
    depth = len(sizes) - 1
    widths = [width * min(2**i, 8) for i in range(depth)]
    down: list[list[nn.Module]] = [[make.conv(given.channels, width, 4, 2)]]
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        norm = [make.norm(outputs, sizes[i + 2], sizes[i + 2])] if i < depth - 2 else []
        down.append([nn.LeakyReLU(0.2), make.conv(inputs, outputs, 4, 2), *norm])
    up: list[list[nn.Module]] = []
    for i in reversed(range(depth)):
        inputs, size = widths[i] * (1 if i == depth - 1 else 2), sizes[i]
        layers: list[nn.Module] = [nn.ReLU(), make.transposed(inputs, widths[i - 1] if i else channels, 4, 2, size)]
        if i:
            layers.append(make.norm(widths[i - 1], size, size))
            layers += [nn.Dropout(dropout)] if dropout and depth - 1 - i < min(3, depth - 5) else []
        up.append([*layers, *([] if i else [FromTanh()])])
    return UNet(given, down, up)
