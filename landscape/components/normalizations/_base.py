"""What a normalization is, and the registry of normalizations."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from landscape.components.tasks._base import ConditionKind
from landscape.core.registry import Registry


class Norm(nn.Module):
    """A layer that follows another: forward(x [N, C, *spatial], z=None) -> the shape of x.

    `z` [N, latent] is what G is given, for norms that read it; under a class condition it is [z; e(y)].
    """

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        raise NotImplementedError


class Identity(Norm):
    """No normalization."""

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        return x


def unwrapped(layer: nn.Module) -> nn.Module:
    """The layer as it is."""
    return layer


def nothing_follows(channels: int, spatial: tuple[int, ...]) -> Norm:
    """No layer after."""
    return Identity()


@dataclass(frozen=True)
class Normalization:
    """How one network normalizes: every linear and convolution goes through `wrap`; `follow(channels, spatial)` comes after it.

    `spatial` is the shape behind the channels: (H, W) of a feature map, () of a flat vector.
    """

    wrap: Callable[[nn.Module], nn.Module] = unwrapped
    follow: Callable[[int, tuple[int, ...]], Norm] = nothing_follows


@dataclass(frozen=True)
class NormalizationFacts:
    """sides: the networks it makes sense for. wraps / follows: which of the two it does (an architecture may honor only one)."""

    sides: frozenset[str] = frozenset({"d", "g"})
    wraps: bool = False
    follows: bool = False
    couples_samples: bool = False
    """Its output for one sample depends on the others (batch norm): noted where a penalty differentiates per sample."""
    condition: ConditionKind = "none"
    """The kind of condition that it reads. It is refused for a task of another kind."""
    paper: str = ""


NORMALIZATIONS: Registry[NormalizationFacts] = Registry(
    "normalization", "landscape.components.normalizations", NormalizationFacts, injected=frozenset({"latent_dim", "condition"})
)
"""The registry of normalizations.

A normalization function may name the keywords `latent_dim` (the size of what G is given, e(y) included) and `condition` (a `Condition`).
"""
