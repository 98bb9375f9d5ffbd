"""Builds the networks that a configuration describes: an architecture with its normalizations."""

from typing import Any

from landscape.components.architectures._base import ARCHITECTURES, Networks
from landscape.components.normalizations._base import NORMALIZATIONS, Normalization
from landscape.config.choices import Choice
from landscape.config.training_settings import LatentConfig
from landscape.core.errors import UserError

_SEEN_BY_D = ("d_channels", "d_dimension", "d_shape")


def layout(
    architecture: Choice, d_normalization: Choice, g_normalization: Choice, latent: LatentConfig, degree: int, shape: tuple[int, ...]
) -> Networks:
    """Build the networks of an architecture with its normalizations.

    Args:
        architecture: The architecture and its hyperparameters.
        d_normalization: The normalization in D.
        g_normalization: The normalization in G.
        latent: The distribution of z, whose size the generator takes.
        degree: The number of samples that D sees stacked as one (1 without packing).
        shape: The shape of one sample: (C, H, W) of an image or (D,) of a point.

    Raises:
        UserError: The layers cannot be built this way, for example an instance norm on 1x1 maps.
    """
    component = ARCHITECTURES[architecture.name]
    d_shape = (shape[0] * degree, *shape[1:])
    offered: dict[str, Any] = {
        "shape": shape,
        "d_shape": d_shape,
        **({"resolution": shape[-1], "channels": shape[0], "d_channels": d_shape[0]} if len(shape) == 3 else {}),
        **({"dimension": shape[0], "d_dimension": d_shape[0]} if len(shape) == 1 else {}),
        "latent_dim": latent.dim,
        "g_normalization": build_normalization(g_normalization, latent.dim),
        "d_normalization": build_normalization(d_normalization, latent.dim),
    }
    if degree > 1 and component.injected.isdisjoint(_SEEN_BY_D):
        raise UserError(f"architecture {component.name!r} names none of {', '.join(_SEEN_BY_D)}: its D cannot see packs of samples")
    networks: Networks = component.call(hyperparameters=architecture.hyperparameters, **offered)
    return networks


def build_normalization(choice: Choice, latent_dim: int) -> Normalization:
    """Build the normalization named in `choice` for latent vectors of size `latent_dim`."""
    normalization: Normalization = NORMALIZATIONS[choice.name].call(hyperparameters=choice.hyperparameters, latent_dim=latent_dim)
    return normalization
