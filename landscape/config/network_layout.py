"""Networks of an architecture with its normalizations: what a config's parts are laid out to be."""

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
    """The networks of an architecture with its normalizations. `degree`: samples that D sees stacked as one.

    Raises:
        UserError: the layers cannot be laid out so (an instance norm on 1x1 maps).
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
    """The normalization named in `choice`."""
    normalization: Normalization = NORMALIZATIONS[choice.name].call(hyperparameters=choice.hyperparameters, latent_dim=latent_dim)
    return normalization
