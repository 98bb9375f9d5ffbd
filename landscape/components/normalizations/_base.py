"""What a normalization is, and the registry of normalizations."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from landscape.components.tasks._base import ConditionKind
from landscape.core.registry import Registry


class Norm(nn.Module):
    """A normalization layer that follows another layer.

    It takes x [N, C, *spatial] and returns the same shape. It may read z [N, latent], the input of G, as self-modulation does. With a class
    condition this input is [z; e(y)].
    """

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        raise NotImplementedError


class Identity(Norm):
    """A layer that returns its input."""

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        return x


def unwrapped(layer: nn.Module) -> nn.Module:
    """Return the layer unchanged."""
    return layer


def nothing_follows(channels: int, spatial: tuple[int, ...]) -> Norm:
    """Return a layer that changes nothing."""
    return Identity()


@dataclass(frozen=True)
class Normalization:
    """How one network normalizes.

    Every linear layer and every convolution is passed through `wrap`, and the layer that `follow(channels, spatial)` returns is put after
    it. `spatial` is the shape behind the channels: (H, W) for a feature map and () for a flat vector.
    """

    wrap: Callable[[nn.Module], nn.Module] = unwrapped
    follow: Callable[[int, tuple[int, ...]], Norm] = nothing_follows


@dataclass(frozen=True)
class NormalizationFacts:
    """What is known of a normalization before it is called."""

    sides: frozenset[str] = frozenset({"d", "g"})
    """The networks that it makes sense for: D, G or both."""
    wraps: bool = False
    """Whether it wraps layers. An architecture may honor only normalizations that wrap, or only those that follow."""
    follows: bool = False
    """Whether it puts a layer after each layer."""
    couples_samples: bool = False
    """Whether the output for one sample depends on the other samples, as with batch norm. Trials with a gradient penalty note this."""
    condition: ConditionKind = "none"
    """The kind of condition that it reads. It is refused for a task of another kind."""
    paper: str = ""


NORMALIZATIONS: Registry[NormalizationFacts] = Registry(
    "normalization", "landscape.components.normalizations", NormalizationFacts, injected=frozenset({"latent_dim", "condition"})
)
"""The registry of normalizations.

A normalization function may name the keywords `latent_dim` (the size of what G is given, e(y) included) and `condition` (a `Condition`).
"""
