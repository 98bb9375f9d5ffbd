"""ResNet-STL."""

from typing import Literal

from landscape.components.architectures._base import ARCHITECTURES, ON_MAPS, ArchitectureFacts, Latent, Networks
from landscape.components.architectures._layers import halvings
from landscape.components.architectures._resnet import STYLES, Plan, resnet_discriminator, resnet_generator
from landscape.components.normalizations._base import Normalization
from landscape.core.registry import NonNegativeInt, PositiveInt

_G_NORMALIZATIONS = ON_MAPS | {"self_modulated"}


@ARCHITECTURES.register(
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
    """Residual networks for 48x48: G has three upsampling blocks from 8 `width` to `width` maps; D four pooling blocks, then one plain.

    G starts from maps of resolution / 8 (6x6 at 48). Other resolutions than 48, which the source does not take, keep the blocks. Wrappers
    leave G's dense and last layer alone under `landscape`, as in the original code's later version.

    Args:
        preset: whose blocks, as in resnet_cifar. No STL network of WGAN-GP's authors is known: `wgan_gp` is its block at this depth, with G
            half as wide, as SNGAN says of the two.
        width: maps at the image end; 8 times as many in G's first block, 16 times in D's last.
        attention_resolution: size of the maps after which both networks attend to themselves; 0: nowhere.
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
