"""What an architecture is, and the registry of architectures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from landscape.core.registry import Registry


class Output(NamedTuple):
    """What a discriminator says of a batch."""

    logit: Tensor
    """[N] raw critic output (no sigmoid); for an autoencoder discriminator its energy, >= 0."""
    features: Tensor | None = None
    """[N, F] the last hidden representation (an autoencoder's code), for terms that read it."""


@runtime_checkable
class AdaptsToData(Protocol):
    """A network that starts from the data: called once, before training."""

    def adapt_to(self, mean: Tensor) -> None:
        """mean: the training samples' mean [C, H, W] or [D], as networks see samples."""


@runtime_checkable
class Constrains(Protocol):
    """A network whose weights are bounded by its source, after each of its updates."""

    def constrained(self, parameters: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """`parameters` (its own by name, or such as they would be) brought back to where they may be; gradients pass."""


@torch.no_grad()
def constrain(network: nn.Module) -> None:
    """Bring the weights of a network that `Constrains` them back to where they may be, in place."""
    assert isinstance(network, Constrains)
    parameters = dict(network.named_parameters())
    for name, value in network.constrained(parameters).items():
        parameters[name].copy_(value)


class Networks(NamedTuple):
    """generator(z [N, latent], condition=None) -> samples; discriminator(x, condition=None) -> Output.

    Images [N, C, H, W] lie in [0, 1] on both sides, whatever the source's range: a generator ends in a sigmoid, or halves its tanh; a
    discriminator that wants [-1, 1] takes 2x - 1 first. Points [N, D] lie where the data lie.
    """

    generator: nn.Module
    discriminator: nn.Module


@dataclass(frozen=True)
class Latent:
    """Distribution of z: `normal` N(0, I), `uniform` U[-bound, bound]."""

    dim: int = 128
    distribution: Literal["normal", "uniform"] = "normal"
    bound: float = 1.0


def any_resolution(resolution: int) -> str:
    """Every resolution from 8 to 128 is fine."""
    return "" if 8 <= resolution <= 128 else f"takes resolutions from 8 to 128, not {resolution}"


ON_VECTORS = frozenset({"none", "batch", "layer", "spectral", "weight", "spectral_batch", "spectral_layer"})
"""Built-in normalizations that have a meaning after a dense layer."""
ON_MAPS = ON_VECTORS | {"instance", "spectral_instance"}
"""Built-in normalizations that have a meaning after a convolution (instance norm refuses maps of one position when it is built)."""


@dataclass(frozen=True)
class ArchitectureFacts:
    """What must be known of an architecture before it is built.

    samples: `images` (built with keywords resolution, channels), `points` (built with keyword dimension), or `any` (with keyword shape).
    output: `logit`, or `energy` (an autoencoder discriminator).
    refuses: resolution -> "" or the reason why it cannot be taken.
    d_normalizations, g_normalizations: the ones it honors; any other is refused, never silently ignored.
    honors_plugins: it has a place for any wrapper and for any following layer, so a user's own normalization is welcome.
    default_g_normalization, default_g_hyperparameters: what the source uses in G.
    latent: the source's latent distribution.
    published: the sample shapes of the source, each with the parameter counts (generator, discriminator) derived from its layer table
        at the default hyperparameters, latent size and G normalization, without normalization of D.
    presets: what holds in place of these facts for each value of the hyperparameter `preset`; read them through `of`.
    has_features: its discriminator fills `Output.features`; say False where it does not.
    has_encoder: `encoder_of` can make an encoder of its discriminator; say False where it cannot.
    pretrained: families of pretrained networks (`ExtractorFacts.network`) that its discriminator is built on; no score looks through them.
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
    pretrained: frozenset[str] = frozenset()
    paper: str = ""

    def of(self, hyperparameters: Mapping[str, Any]) -> "ArchitectureFacts":
        """The facts at these hyperparameters: those of the chosen preset, where there are presets."""
        return self.presets.get(hyperparameters.get("preset", ""), self)


ARCHITECTURES: Registry[ArchitectureFacts] = Registry(
    "architecture",
    "landscape.components.architectures",
    ArchitectureFacts,
    injected=frozenset(
        {
            *("resolution", "channels", "d_channels", "dimension", "d_dimension", "shape", "d_shape"),
            *("latent_dim", "g_normalization", "d_normalization"),
        }
    ),
)
"""An architecture function names those injected keywords that it needs: `resolution`, `channels` (of the data), `d_channels` (of what D
sees: `channels` times the packing degree), for points `dimension`, `d_dimension`, for either `shape`, `d_shape` ((C, H, W) or (D,));
`latent_dim`; `g_normalization`, `d_normalization` (`Normalization` objects: pass every layer through `.wrap`, put
`.follow(channels, spatial)` where the source has its norm)."""
