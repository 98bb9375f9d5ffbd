"""ResNet19."""

from itertools import takewhile

from landscape.components.architectures._base import ARCHITECTURES, ON_MAPS, Latent, Networks
from landscape.components.architectures._layers import halvings
from landscape.components.architectures._resnet import STYLES, Plan, Scale, resnet_discriminator, resnet_generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import NonNegativeInt, PositiveInt


@ARCHITECTURES.register(
    d_normalizations=ON_MAPS,
    g_normalizations=ON_MAPS | {"self_modulated"},
    default_g_normalization="batch",
    latent=Latent(dim=128, distribution="uniform"),
    published={(3, 128, 128): (13_786_115, 15_086_529)},
    paper="Kurach et al. 2019, arXiv:1807.04720; google/compare_gan's resnet5",
)
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
    """The Landscape study's ResNet19: five residual blocks in G, six in D, all of D's pooling; every shortcut a 3x3 convolution.

    G starts from the first map of at most 4x4 that halving the resolution (rounding up) reaches; its first blocks upsample by zero
    insertion, the rest keep their size. D's six poolings end at 2x2 from 128, at 1x1 from 64 and stay there below, as SAME pooling
    does. Sizes that are not powers of two, which the source refuses, round up. Wrappers leave G's dense and last layer alone, as in
    the original code's later version (the study's own wraps nothing in G).

    Args:
        width: maps at the image end; up to 8 times as many at the other.
        attention_resolution: size of the maps after which both networks attend to themselves; 0: nowhere.
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
