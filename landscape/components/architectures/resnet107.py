"""The networks called ResNet107."""

from torch import nn

from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_MAPS, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import Layers, halvings
from landscape.components.architectures._networks import Discriminator, Generator
from landscape.components.architectures._resnet import STYLES, Plan, Scale
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import NonNegativeInt, PositiveInt


def _refuses(resolution: int) -> str:
    if 32 <= resolution <= 128:
        return ""
    return f"halves the resolution five times and takes 32 to 128, not {resolution}"


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    refuses=_refuses,
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | MODULATED,
    default_g_normalization="batch",
    latent=Latent(dim=128, distribution="uniform"),
    published={(3, 128, 128): (52_199_667, 53_486_449)},
    paper="Kurach et al. 2019, arXiv:1807.04720; google/compare_gan's resnet30",
)
@takes_class
def resnet107(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    width: PositiveInt = 16,
    attention_resolution: NonNegativeInt = 0,
) -> Networks:
    """ResNet107, the deepest network of the Landscape study's code: 35 residual blocks each in G and D, with 3x3 shortcuts.

    G has a dense layer to 32 `width` maps of resolution / 32, then six stages of five blocks. Between the stages an upsampling block halves
    the number of maps. A 3x3 convolution follows the last block directly (no norm, no ReLU), then a sigmoid. D mirrors G from `width` maps
    on, after a 3x3 convolution that no wrapper touches. Its last maps are flattened and enter a dense layer without a ReLU before it.
    Wrappers leave G's first and last layer alone too. The source takes resolution 128 only.

    Args:
        resolution: The side of the images, 32 to 128.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        width: The number of maps next to the image. At the other end there are 32 times as many.
        attention_resolution: The size of the maps after which both networks have self-attention. With 0 there is none.
    """
    sizes = halvings(resolution, 5)
    widths = [width * 2**stage for stage in range(6)]
    g_plan = _stages(widths[::-1], sizes[::-1], "up")
    d_plan = _stages(widths, sizes, "down")
    return Networks(
        _generator(g_normalization, g_plan, latent_dim, channels, attention_resolution),
        _discriminator(d_normalization, d_plan, d_channels, attention_resolution),
    )


def _stages(widths: list[int], sizes: list[int], change: Scale) -> Plan:
    """Place five blocks at each width and size, and between them a `change` block that leads to the next."""
    all_widths, all_sizes, scales = [widths[0]], [sizes[0]], list[Scale]()
    for stage, (width, size) in enumerate(zip(widths, sizes, strict=True)):
        if stage > 0:
            all_widths, all_sizes, scales = [*all_widths, width], [*all_sizes, size], [*scales, change]
        all_widths, all_sizes, scales = [*all_widths, *[width] * 5], [*all_sizes, *[size] * 5], [*scales, *_PLAIN]
    return Plan(all_widths, all_sizes, scales)


_PLAIN: list[Scale] = ["none"] * 5


def _generator(normalization: Normalization, plan: Plan, latent_dim: int, channels: int, attention_resolution: int) -> Generator:
    style = STYLES["landscape"]
    make = Layers(normalization, conv_init=style.conv_init)
    base, width = plan.sizes[0], plan.widths[0]
    layers = [
        make.unwrapped().dense(latent_dim, width * base**2),
        nn.Unflatten(1, (width, base, base)),
        *plan.blocks(make, style, "g", attention_resolution),
        make.unwrapped().conv(plan.widths[-1], channels, 3),
        nn.Sigmoid(),
    ]
    return Generator(layers)


def _discriminator(normalization: Normalization, plan: Plan, channels: int, attention_resolution: int) -> Discriminator:
    style = STYLES["landscape"]
    make = Layers(normalization, conv_init=style.conv_init)
    body = [
        make.unwrapped().conv(channels, plan.widths[0], 3),
        *plan.blocks(make, style, "d", attention_resolution),
        nn.Flatten(),
    ]
    feature_size = plan.widths[-1] * plan.sizes[-1] ** 2
    return Discriminator(body, make.dense(feature_size, 1), feature_size)
