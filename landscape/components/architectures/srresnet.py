"""The networks of SRGAN."""

from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, ON_MAPS, Latent, Networks
from landscape.components.architectures._image_conditions import FromImage, GivenImage, JudgedPair
from landscape.components.architectures._layers import Added, FromTanh, Layers, as_is, halvings
from landscape.components.architectures._patches import PairDiscriminator
from landscape.components.normalizations._base import Normalization
from landscape.components.tasks._base import UNCONDITIONAL, Condition
from landscape.core.errors import UserError
from landscape.core.registry import NonNegativeInt, PositiveInt

D_WIDTHS = (1, 1, 2, 2, 4, 4, 8, 8)
"""The maps of D's convolutions in units of its width. Every second one has stride 2."""


@ARCHITECTURES.register(
    conditions=frozenset({"image"}),
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | {"self_modulated"},
    default_g_normalization="batch",
    latent=Latent(dim=8, distribution="normal"),
    published={(3, 96, 96): (1_590_934, 23_563_521)},
    has_encoder=False,
    paper="Ledig et al. 2017, arXiv:1609.04802, figure 4",
)
def srresnet(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    condition: Condition = UNCONDITIONAL,
    width: PositiveInt = 64,
    blocks: NonNegativeInt = 16,
    takes_z: bool = True,
    d_width: PositiveInt | None = None,
    d_hidden: PositiveInt | None = None,
) -> Networks:
    """SRResNet, which enlarges an image at its end, and SRGAN's discriminator.

    G has a 9x9 convolution to `width` maps with PReLU, `blocks` residual blocks [3x3, norm, PReLU, 3x3, norm] and [3x3, norm], to which the
    maps of the first layer are added. For every doubling it has a 3x3 convolution to 4 `width` maps, which a pixel shuffle rearranges, and
    PReLU (one to 9 `width` for a factor of 3). A 9x9 convolution and (tanh + 1) / 2 end it. If the image has the size of a sample, nothing
    is enlarged. D has eight 3x3 convolutions to 1, 1, 2, 2, 4, 4, 8 and 8 times `width` maps, every second one of stride 2, with a norm
    in all but the first and leaky ReLU 0.2, then a dense layer of 16 `width` units and one of a single unit. The source has batch norm in
    D, which must be named. Weights and biases are torch's own.

    In the source G has no z, and D sees the large image alone. Here z is repeated at every position as further channels of G's input, and
    D sees the condition, enlarged by repeating its pixels, beside the large image.

    Args:
        resolution: The side of the large images.
        channels: The channels of the images.
        d_channels: The channels of D's input beside those of the condition.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        condition: The image that G receives, and D beside a sample.
        width: The number of maps in G, 64 in the source.
        blocks: The number of residual blocks, 16 in the source.
        takes_z: Whether G receives z. Without it, G makes one sample of each condition, as in the source.
        d_width: The number of maps of D's first layer. None stands for `width`.
        d_hidden: The number of units of D's dense layer. None stands for 16 times D's width.

    Raises:
        UserError: The large side is not 1, 2, 3, 4 or 8 times that of the condition.
    """
    side = condition.shape[-1] if condition.shape else resolution
    doublings = {1: (), 2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}.get(resolution // side)
    if doublings is None or side * (resolution // side) != resolution:
        raise UserError(f"srresnet enlarges 1, 2, 3, 4 or 8 times, not from {side} to {resolution} pixels")
    given = GivenImage(condition, side, latent_dim if takes_z else 0)
    d_width = d_width or width
    return Networks(
        _generator(Layers(g_normalization, conv_init=as_is, bias_init=as_is), given, doublings, (width, channels), blocks),
        _discriminator(
            Layers(d_normalization, as_is, as_is, bias_init=as_is),
            JudgedPair(condition, d_channels),
            resolution,
            d_width,
            d_hidden or 16 * d_width,
        ),
    )


def _generator(make: Layers, given: GivenImage, enlarged: tuple[int, ...], widths: tuple[int, int], blocks: int) -> FromImage:
    (width, channels), side = widths, given.side
    inner: list[nn.Module] = [
        Added(
            [
                *(make.conv(width, width, 3), make.norm(width, side, side), nn.PReLU()),
                *(make.conv(width, width, 3), make.norm(width, side, side)),
            ]
        )
        for _ in range(blocks)
    ]
    layers: list[nn.Module] = [make.conv(given.channels, width, 9), nn.PReLU()]
    layers.append(Added([*inner, make.conv(width, width, 3), make.norm(width, side, side)]))
    for times in enlarged:
        layers += [make.conv(width, width * times**2, 3), nn.PixelShuffle(times), nn.PReLU()]
    return FromImage(given, [*layers, make.conv(width, channels, 9), FromTanh()])


def _discriminator(make: Layers, pair: JudgedPair, resolution: int, width: int, hidden: int) -> PairDiscriminator:
    sizes, stages, inputs = halvings(resolution, 4), [], pair.channels
    for i, times in enumerate(D_WIDTHS):
        outputs, size = times * width, sizes[(i + 1) // 2]
        norm = [make.norm(outputs, size, size)] if i else []
        stages.append([make.conv(inputs, outputs, 3, 1 + i % 2), *norm, nn.LeakyReLU(0.2)])
        inputs = outputs
    stages.append([nn.Flatten(), make.dense(inputs * sizes[-1] ** 2, hidden), nn.LeakyReLU(0.2)])
    return PairDiscriminator(pair, stages, [make.dense(hidden, 1)])
