"""The networks called ResNet-STL."""

from typing import Literal

from landscape.components.architectures._base import ARCHITECTURES, MODULATED, ON_MAPS, ArchitectureFacts, Latent, Networks
from landscape.components.architectures._conditioning import TAKES_CLASS, takes_class
from landscape.components.architectures._layers import halvings
from landscape.components.architectures._resnet import STYLES, Plan, resnet_discriminator, resnet_generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import NonNegativeInt, PositiveInt

_G_NORMALIZATIONS = ON_MAPS | MODULATED


@ARCHITECTURES.register(
    conditions=TAKES_CLASS,
    d_normalizations=ON_MAPS,
    g_normalizations=_G_NORMALIZATIONS,
    default_g_normalization="batch",
    latent=Latent(dim=128, distribution="uniform"),
    published={(3, 48, 48): (6_254_339, 25_114_817)},
    presets={
        "sngan": ArchitectureFacts(
            d_normalizations=ON_MAPS,
            g_normalizations=_G_NORMALIZATIONS,
            default_g_normalization="batch",
            default_g_hyperparameters={"epsilon": 2e-5},
            latent=Latent(dim=128, distribution="normal"),
            published={(3, 48, 48): (4_878_083, 10_141_440)},
        ),
        "wgan_gp": ArchitectureFacts(
            d_normalizations=ON_MAPS,
            g_normalizations=_G_NORMALIZATIONS,
            default_g_normalization="batch",
            latent=Latent(dim=128, distribution="normal"),
        ),
    },
    paper="Miyato et al. 2018, arXiv:1802.05957, table 5; google/compare_gan's resnet_stl",
)
@takes_class
def resnet_stl(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    preset: Literal["landscape", "sngan", "wgan_gp"] = "landscape",
    width: PositiveInt = 64,
    attention_resolution: NonNegativeInt = 0,
) -> Networks:
    """ResNet for 48x48: G has three upsampling blocks from 8 `width` to `width` maps, D four pooling blocks and a plain one.

    G starts from maps of resolution / 8 (6x6 at 48). Resolutions other than 48, which the source does not take, keep the blocks. Under
    `landscape`, wrappers leave G's dense layer and last layer alone, as in the later version of the original code.

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        preset: The source of the blocks, as in `resnet_cifar`. No STL network by WGAN-GP's authors is known. `wgan_gp` uses its blocks at
            this depth, with G half as wide, which is what SNGAN says about the two.
        width: The number of maps next to the image. G's first block has 8 times as many, D's last 16 times.
        attention_resolution: The size of the maps after which both networks have self-attention. With 0 there is none.
    """
    style = STYLES[preset]
    sizes = halvings(resolution, 4)
    unit = width if preset != "wgan_gp" else max(width // 2, 1)
    g_plan = Plan([8 * unit, 4 * unit, 2 * unit, unit], sizes[3::-1], ["up"] * 3)
    d_widths = [d_channels, width, 2 * width, 4 * width, 8 * width, 16 * width]
    d_plan = Plan(d_widths, [*sizes, sizes[-1]], ["down", "down", "down", "down", "none"])
    generator = resnet_generator(
        g_normalization,
        style,
        g_plan,
        latent_dim=latent_dim,
        channels=channels,
        attention_resolution=attention_resolution,
        wraps_ends=preset != "landscape",
    )
    return Networks(generator, resnet_discriminator(d_normalization, style, d_plan, attention_resolution=attention_resolution))
