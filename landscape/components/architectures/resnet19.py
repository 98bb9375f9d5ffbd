"""The networks called ResNet19."""

from itertools import takewhile

from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_MAPS, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import halvings
from landscape.components.architectures._resnet import STYLES, Plan, Scale, resnet_discriminator, resnet_generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import NonNegativeInt, PositiveInt


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | MODULATED,
    default_g_normalization="batch",
    latent=Latent(dim=128, distribution="uniform"),
    published={(3, 128, 128): (13_786_115, 15_086_529)},
    paper="Kurach et al. 2019, arXiv:1807.04720; google/compare_gan's resnet5",
)
@takes_class
def resnet19(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    width: PositiveInt = 64,
    attention_resolution: NonNegativeInt = 0,
) -> Networks:
    """ResNet19 of the Landscape study: five residual blocks in G and six in D, all of D's pooling, with 3x3 shortcuts.

    G starts from the first size of at most 4x4 that is reached by halving the resolution (rounding up). Its first blocks upsample by zero
    insertion; the others keep their size. D's six poolings end at 2x2 from resolution 128, and at 1x1 from 64 and below, because SAME
    pooling leaves 1x1 unchanged. Sizes that are not powers of two, which the source refuses, are rounded up. Wrappers leave G's dense layer
    and last layer alone, as in the later version of the original code (the study's own version wraps nothing in G).

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        width: The number of maps next to the image. At the other end there are up to 8 times as many.
        attention_resolution: The size of the maps after which both networks have self-attention. With 0 there is none.
    """
    g_widths = [width * f for f in (8, 8, 4, 4, 2, 1)]
    d_widths = [width * f for f in (1, 2, 4, 4, 8, 8)]
    ups = len(list(takewhile(lambda size: size > 4, halvings(resolution, 5))))
    rising = halvings(resolution, ups)[::-1]
    scales: list[Scale] = ["up" if i < ups else "none" for i in range(5)]
    g_plan = Plan(g_widths, rising + [resolution] * (5 - ups), scales)
    d_plan = Plan([d_channels, *d_widths], halvings(resolution, 6), ["down"] * 6)
    style = STYLES["landscape"]
    return Networks(
        resnet_generator(
            g_normalization,
            style,
            g_plan,
            latent_dim=latent_dim,
            channels=channels,
            attention_resolution=attention_resolution,
            wraps_ends=False,
        ),
        resnet_discriminator(d_normalization, style, d_plan, attention_resolution=attention_resolution),
    )
