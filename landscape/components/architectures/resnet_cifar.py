"""The networks called ResNet-CIFAR."""

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
    published={(3, 32, 32): (5_849_603, 1_483_137)},
    presets={
        "sngan": ArchitectureFacts(
            d_normalizations=ON_MAPS,
            g_normalizations=_G_NORMALIZATIONS,
            default_g_normalization="batch",
            default_g_hyperparameters={"epsilon": 2e-5},
            latent=Latent(dim=128, distribution="normal"),
            published={(3, 32, 32): (4_276_739, 1_053_824)},
        ),
        "wgan_gp": ArchitectureFacts(
            d_normalizations=ON_MAPS,
            g_normalizations=_G_NORMALIZATIONS,
            default_g_normalization="batch",
            latent=Latent(dim=128, distribution="normal"),
            published={(3, 32, 32): (1_204_483, 1_053_825)},
        ),
    },
    paper="Gulrajani et al. 2017, arXiv:1704.00028; Miyato et al. 2018, arXiv:1802.05957, table 4; google/compare_gan's resnet_cifar",
)
@takes_class
def resnet_cifar(
    *,
    resolution: int,
    channels: int,
    d_channels: int,
    latent_dim: int,
    g_normalization: Normalization,
    d_normalization: Normalization,
    preset: Literal["landscape", "sngan", "wgan_gp"] = "landscape",
    width: PositiveInt = 128,
    attention_resolution: NonNegativeInt = 0,
) -> Networks:
    """ResNet for 32x32: G has three upsampling blocks from maps of resolution / 8, D two pooling blocks and then two plain ones.

    Other resolutions, which the source refuses, keep the blocks and change the size of G's first map (4x4 at 32).

    Presets:

    - `landscape`: Upsampling by zero insertion, 3x3 shortcuts in every block, mean pooling, D on images in [0, 1], truncated normal
    initialization. G is twice as wide as D.
    - `sngan`: Upsampling by repetition, 1x1 shortcuts, sum pooling, no bias in D's last layer, 2x - 1 and tanh, Glorot initialization. G is
    twice as wide as D.
    - `wgan_gp`: As `sngan`, but G and D are equally wide, with mean pooling and a bias in D's last layer.

    The last two sources add dequantization noise to real images. It belongs to the data and is left out here.

    Args:
        resolution: The side of the images.
        channels: The channels of the images.
        d_channels: The channels of D's input.
        latent_dim: The size of z.
        g_normalization: The normalization of G.
        d_normalization: The normalization of D.
        preset: The source of the blocks.
        width: The number of maps in D's blocks.
        attention_resolution: The size of the maps after which both networks have self-attention. With 0 there is none.
    """
    style = STYLES[preset]
    sizes = halvings(resolution, 3)
    g_width = width if preset == "wgan_gp" else 2 * width
    g_plan = Plan([g_width] * 4, sizes[::-1], ["up"] * 3)
    d_plan = Plan([d_channels] + [width] * 4, sizes[:3] + [sizes[2]] * 2, ["down", "down", "none", "none"])
    return Networks(
        resnet_generator(
            g_normalization, style, g_plan, latent_dim=latent_dim, channels=channels, attention_resolution=attention_resolution
        ),
        resnet_discriminator(d_normalization, style, d_plan, attention_resolution=attention_resolution),
    )
