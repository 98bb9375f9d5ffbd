"""From a TrialConfig to its parts: networks, the loss and the regularizers as calls with their hyperparameters bound."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn

from landscape.architectures._base import ARCHITECTURES, Networks
from landscape.architectures._networks import encoder_of
from landscape.combinations import packing_degree
from landscape.config import Choice, LatentConfig, RegularizerChoice, TrialConfig
from landscape.losses._base import LOSSES, LossFacts
from landscape.normalizations._base import NORMALIZATIONS, Normalization
from landscape.regularizers._base import REGULARIZERS, RegularizerFacts


def build_networks(config: TrialConfig, shape: tuple[int, ...]) -> Networks:
    """Generator and discriminator of `config` for samples of `shape` ((C, H, W) or (D,)), freshly initialized from torch's generator."""
    assert config.latent is not None
    assert config.g_normalization is not None
    return layout(config.architecture, config.d_normalization, config.g_normalization, config.latent, packing_degree(config), shape)


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
    networks: Networks = component.function(**_wanted(component.function, offered), **architecture.hyperparameters)
    return networks


def build_critic(config: TrialConfig, networks: Networks) -> nn.Module | None:
    """What stands against the generator, as the loss declares: the discriminator, an encoder made of it, or nothing."""
    assert config.latent is not None
    match LOSSES[config.loss.name].facts.inputs:
        case "samples":
            return None
        case "autoencoding":
            wrap = build_normalization(config.d_normalization, config.latent.dim).wrap
            return encoder_of(networks.discriminator, config.latent.dim, wrap)
        case _:
            return networks.discriminator


def build_normalization(choice: Choice, latent_dim: int) -> Normalization:
    """The normalization named in `choice`."""
    function = NORMALIZATIONS[choice.name].function
    normalization: Normalization = function(**_wanted(function, {"latent_dim": latent_dim}), **choice.hyperparameters)
    return normalization


def _wanted(function: Callable[..., Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `offered` that `function` names: how injected keywords reach it."""
    names = inspect.signature(function).parameters
    return {name: value for name, value in offered.items() if name in names}


@dataclass(frozen=True)
class Loss:
    """A loss with its hyperparameters bound: call(real, fake[, state=...]) -> LossPair."""

    call: Callable[..., Any]
    facts: LossFacts

    @classmethod
    def of(cls, choice: Choice) -> "Loss":
        component = LOSSES[choice.name]
        return cls(partial(component.function, **choice.hyperparameters), component.facts)


@dataclass(frozen=True)
class Regularizer:
    """A regularizer with its hyperparameters bound, as it stands in a config."""

    name: str
    every: int
    call: Callable[..., Any]
    facts: RegularizerFacts
    keywords: frozenset[str]
    """Which of `progress`, `bounds`, `state` it names."""

    @classmethod
    def of(cls, choice: RegularizerChoice) -> "Regularizer":
        component = REGULARIZERS[choice.name]
        keywords = frozenset(inspect.signature(component.function).parameters) & {"progress", "bounds", "state"}
        return cls(choice.name, choice.every, partial(component.function, **choice.hyperparameters), component.facts, keywords)


def trainable_parameters(module: nn.Module | None) -> int:
    """Number of trainable scalars; 0 for None."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad) if module is not None else 0
