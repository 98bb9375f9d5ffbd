"""Defines what an architecture is, and holds the registry of architectures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from landscape.components.tasks._base import ConditionKind
from landscape.core.registry import Registry


class Output(NamedTuple):
    """A discriminator's output for a batch."""

    logit: Tensor
    """The raw critic output [N] (without a sigmoid), or [N, P] of a discriminator that judges P patches of each sample. For an autoencoder
    discriminator it is the energy [N], which is >= 0.
    """
    features: Tensor | None = None
    """The last hidden representation [N, F] (an autoencoder's code), for terms that read it."""
    class_logits: Tensor | None = None
    """The logits [N, K] of the classes, if the discriminator has a second head that names them."""
    maps: tuple[Tensor, ...] | None = None
    """The activations [N, ...] of hidden layers in their order, for terms that compare them."""


@runtime_checkable
class AdaptsToData(Protocol):
    """A network that can be initialized from the data. It is called once, before training."""

    def adapt_to(self, mean: Tensor) -> None:
        """Initialize the network.

        Args:
            mean: The mean [C, H, W] or [D] of the training samples, in the form in which networks see samples.
        """


@runtime_checkable
class Constrains(Protocol):
    """A network whose weights are bounded by its source after each of its updates."""

    def constrained(self, parameters: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return `parameters` moved back into their bounds, differentiably.

        Args:
            parameters: The network's parameters by name, or hypothetical values of them.
        """


@runtime_checkable
class Grows(Protocol):
    """A part of a network that begins at a low resolution and grows while it is trained, such as the layers of a progressive GAN.

    Samples have the full resolution on the outside all the time, so that nothing else has to know how far the networks have grown. Growing
    is a matter of the share of the budget that is spent, so that a resumed training grows at the same rounds.
    """

    phase: int
    """The number of the present phase of the training."""

    def grow(self, share: float) -> int:
        """Enter the phase that is due when `share` of the budget is spent, and return its number.

        It is called before each round. When the phase changes, optimizers begin anew without moments, and what was compiled or recorded of
        earlier rounds is not used any more.
        """

    def fade(self, share: Tensor) -> None:
        """Move on within the present phase, by operations on the device that can be recorded. `share` is a 0-dim tensor."""

    def shown(self, real: Tensor) -> Tensor:
        """Return real samples [N, ...] as generated ones look in the present phase."""

    def idle(self) -> list[nn.Parameter]:
        """Return the parameters that are not used in the present phase."""

    def next_growth(self) -> float | None:
        """Return the share of the budget at which the next phase begins, or None in the last one."""


@torch.no_grad()
def constrain(network: nn.Module) -> None:
    """Move the weights of a network that `Constrains` them back into their bounds, in place."""
    assert isinstance(network, Constrains)
    parameters = dict(network.named_parameters())
    for name, value in network.constrained(parameters).items():
        parameters[name].copy_(value)


class Networks(NamedTuple):
    """generator(z [N, latent], condition=None) -> samples, and discriminator(x, condition=None) -> Output.

    Images [N, C, H, W] are in [0, 1] on both sides, whatever the range of the source: a generator ends in a sigmoid or rescales its tanh,
    and a discriminator that needs [-1, 1] first computes 2x - 1. Points [N, D] have the range of the data.
    """

    generator: nn.Module
    discriminator: nn.Module


@dataclass(frozen=True)
class Latent:
    """The distribution of z: `normal` is N(0, I), `uniform` is U[-bound, bound]."""

    dim: int = 128
    distribution: Literal["normal", "uniform"] = "normal"
    bound: float = 1.0


def any_resolution(resolution: int) -> str:
    """Accept every resolution from 8 to 128. Return "" or the reason for a refusal."""
    return "" if 8 <= resolution <= 128 else f"takes resolutions from 8 to 128, not {resolution}"


ON_VECTORS = frozenset({"none", "batch", "layer", "spectral", "weight", "spectral_batch", "spectral_layer"})
"""The built-in normalizations that have a meaning after a dense layer."""
ON_MAPS = ON_VECTORS | {"instance", "spectral_instance"}
"""The built-in normalizations that have a meaning after a convolution. (Instance norm refuses maps of one position when it is built.)"""
MODULATED = frozenset({"self_modulated", "conditional_batch", "spectral_conditional_batch"})
"""The built-in normalizations of G that read what G is given: its latent vector, or the condition."""


@dataclass(frozen=True)
class ArchitectureFacts:
    """What must be known about an architecture before it is built.

    samples: `images` (built with the keywords resolution and channels), `points` (built with the keyword dimension), or `any` (with the
        keyword shape).
    output: `logit`, or `energy` for an autoencoder discriminator.
    refuses: Maps a resolution to "" or to the reason why it is refused.
    channels: The numbers of image channels that it accepts.
    d_normalizations, g_normalizations: The normalizations that it honors. Any other is refused and never silently ignored.
    honors_plugins: Whether it has a place for any wrapper and for any following layer, so that it can use a user's own normalization.
    default_g_normalization, default_g_hyperparameters: What the source uses in G.
    latent: The latent distribution of the source.
    published: The sample shapes of the source, each with the parameter counts (generator, discriminator). The counts are derived from the
        layer table of the source at the default hyperparameters, latent size and G normalization, without normalization of D.
    presets: The facts that replace these for each value of the hyperparameter `preset`. Read them through `of`.
    has_features: Whether its discriminator fills `Output.features`.
    conditions: The kinds of condition that both networks take. Any other is refused and never silently ignored.
    has_encoder: Whether `encoder_of` can make an encoder of its discriminator.
    pretrained: The families of pretrained networks (`ExtractorFacts.network`) on which its discriminator is built. No score is computed
        through them.
    paper: The source.
    """

    samples: Literal["images", "points", "any"] = "images"
    output: Literal["logit", "energy"] = "logit"
    refuses: Callable[[int], str] = any_resolution
    channels: frozenset[int] = frozenset({1, 3})
    d_normalizations: frozenset[str] = frozenset({"none"})
    g_normalizations: frozenset[str] = frozenset({"none"})
    honors_plugins: bool = True
    default_g_normalization: str = "none"
    default_g_hyperparameters: Mapping[str, float] = field(default_factory=dict)
    latent: Latent = Latent()
    published: Mapping[tuple[int, ...], tuple[int, int]] = field(default_factory=dict)
    presets: Mapping[str, "ArchitectureFacts"] = field(default_factory=dict)
    has_features: bool = True
    has_encoder: bool = True
    conditions: frozenset[ConditionKind] = frozenset({"none"})
    pretrained: frozenset[str] = frozenset()
    paper: str = ""

    def of(self, hyperparameters: Mapping[str, Any]) -> "ArchitectureFacts":
        """Return the facts for these hyperparameters, which are those of the chosen preset if there are presets."""
        return self.presets.get(hyperparameters.get("preset", ""), self)


ARCHITECTURES: Registry[ArchitectureFacts] = Registry(
    "architecture",
    "landscape.components.architectures",
    ArchitectureFacts,
    injected=frozenset(
        {
            *("resolution", "channels", "d_channels", "dimension", "d_dimension", "shape", "d_shape"),
            *("latent_dim", "g_normalization", "d_normalization", "condition"),
        }
    ),
)
"""The registry of architectures.

An architecture function accepts those injected keywords that it needs: `resolution`, `channels` (of the data) and `d_channels` (of D's
input, which is `channels` times the packing degree); for points `dimension` and `d_dimension`; for both `shape` and `d_shape` ((C, H, W) or
(D,)); `latent_dim`; `condition` (a `Condition`), if it declares other kinds than `none`; and `g_normalization` and `d_normalization`. These
two are `Normalization` objects: pass every layer through `.wrap`, and put `.follow(channels, spatial)` where the source has its norm.
"""
