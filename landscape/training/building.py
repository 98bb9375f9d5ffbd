"""Builds the parts of a TrialConfig: the networks, and the loss and regularizers as calls with their hyperparameters bound."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from landscape.components.architectures._base import Networks
from landscape.components.architectures._joint import PointEncoder
from landscape.components.architectures._networks import encoder_of
from landscape.components.datasets._base import Dataset
from landscape.components.extractors._perception import perception_of
from landscape.components.losses._base import LOSSES, LossFacts
from landscape.components.regularizers._base import REGULARIZERS, RegularizerFacts
from landscape.components.tasks._base import TASKS
from landscape.config.choices import Choice, RegularizerChoice
from landscape.config.compatibility import packing_degree
from landscape.config.network_layout import ANY_TEXTS, Texts, build_normalization, condition_of, encoder, layout
from landscape.config.trial_config import TrialConfig


def build_networks(
    config: TrialConfig, shape: tuple[int, ...], classes: int = 0, inputs: tuple[int, ...] = (), texts: Texts = ANY_TEXTS
) -> Networks:
    """Build the generator and the discriminator of `config`, initialized with torch's random generator.

    Args:
        config: The configuration.
        shape: The shape of one sample, (C, H, W) or (D,).
        classes: The number of classes of the data, which a class-conditional task needs.
        inputs: The shape of the picture that belongs to a sample, which a task on pairs needs.
        texts: The sizes of the texts that belong to the samples, which a task on texts needs.
    """
    assert config.latent is not None
    assert config.g_normalization is not None
    condition = condition_of(config.task, config.architecture, classes, shape, inputs, texts)
    normalizations = (config.d_normalization, config.g_normalization)
    return layout(config.architecture, *normalizations, config.latent, packing_degree(config), shape, condition, game_of(config))


def game_of(config: TrialConfig) -> str:
    """Return the game that the task of `config` declares, `single`, `joint` or `two_way`."""
    return TASKS[config.task.name].facts.game


def build_encoder(config: TrialConfig, shape: tuple[int, ...]) -> PointEncoder | None:
    """Build the encoder that plays beside the generator in a joint game. Other games have none."""
    assert config.latent is not None
    return encoder(config.architecture, config.latent, shape) if game_of(config) == "joint" else None


def build_critic(config: TrialConfig, networks: Networks) -> nn.Module | None:
    """Return the network that is trained beside the generator, as the loss declares: the discriminator, an encoder made of it, or None."""
    assert config.latent is not None
    match LOSSES[config.loss.name].facts.inputs:
        case "samples":
            return None
        case "autoencoding":
            wrap = build_normalization(config.d_normalization, config.latent.dim).wrap
            return encoder_of(networks.discriminator, config.latent.dim, wrap)
        case _:
            return networks.discriminator


@dataclass(frozen=True)
class Loss:
    """A loss with its hyperparameters bound. `call(real, fake[, state=...])` returns a LossPair."""

    name: str
    call: Callable[..., Any]
    facts: LossFacts

    @classmethod
    def of(cls, choice: Choice) -> "Loss":
        """Look up the loss that `choice` names and bind its hyperparameters."""
        component = LOSSES[choice.name]
        return cls(component.name, partial(component.function, **choice.hyperparameters), component.facts)

    def boundary(self) -> float | None:
        """Return the logit above which D calls a sample real, or None if the loss is on no logits or only their differences count."""
        if self.facts.inputs != "logits":
            return None
        logits = torch.zeros(max(2, self.facts.least_batch))
        found: float | None = self.call(logits, logits).boundary
        return found


@dataclass(frozen=True)
class Regularizer:
    """A regularizer with its hyperparameters bound."""

    name: str
    every: int
    """The regularizer is applied at every `every`-th step."""
    call: Callable[..., Any]
    facts: RegularizerFacts
    perception: nn.Module | None
    """The network that it reads, if it reads one beside D."""
    keywords: frozenset[str]
    """Which of `progress`, `bounds` and `state` it takes as arguments."""

    @classmethod
    def of(cls, choice: RegularizerChoice, dataset: Dataset) -> "Regularizer":
        """Look up the regularizer that `choice` names and bind its hyperparameters, and the network that it reads for this data set."""
        component = REGULARIZERS[choice.name]
        call = partial(component.function, **choice.hyperparameters)
        perception = None
        if component.facts.perceives:
            perception = perception_of(component.facts.perceives, dataset, choice.hyperparameters["trained_on"])
            call = partial(call, perceive=perception)
        return cls(choice.name, choice.every, call, component.facts, perception, component.injected)


def trainable_parameters(module: nn.Module | None) -> int:
    """Return the number of trainable scalars of a module, and 0 for None."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad) if module is not None else 0
