"""The base of all games: what a game has, what its objectives are, and what it keeps between steps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from landscape.components.architectures._base import Constrains, Output
from landscape.components.tasks._base import Batch
from landscape.training.building import Loss, Regularizer
from landscape.training.component_calls import Parameters, Setting
from landscape.training.effective_weights import EffectiveWeights
from landscape.training.functional_optimizers import OptimizerState

States = Mapping[str, Mapping[str, Tensor]]
"""Tensors that components and games keep between steps, by the name of the owner and of the tensor."""
Due = tuple[str, ...]
"""The names of the regularizers that act at an update: all except for lazy ones whose turn it is not."""


class NextD(NamedTuple):
    """What D's next updates depend on beside D and the batch."""

    state: OptimizerState
    due: tuple[Due, ...]
    """The terms that act at each of these updates, after which they repeat."""


@dataclass
class Objective:
    """A scalar to minimize and its parts, none of which is detached."""

    total: Tensor
    terms: dict[str, Tensor] = field(default_factory=dict)
    """The adversarial loss and the term of each regularizer, by name."""
    real: Output | None = None
    fake: Output | None = None
    report: Mapping[str, Tensor] = field(default_factory=dict)
    states: States = field(default_factory=dict)
    """The new values of what the loss and the terms keep between steps."""
    boundary: float | None = None
    """The logit above which D calls a sample real, as in `LossPair`."""


class Game:
    """The base of all games. It has the networks, the loss, and the regularizers by the site at which they act.

    `states` has the tensors that the loss, each regularizer and the game keep between steps. They are buffers of the module. An objective
    reads them and returns their new values, which `keep_states` writes once the update is applied.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module | None,
        loss: Loss,
        regularizers: tuple[Regularizer, ...],
        *,
        setting: Setting,
        states: States,
        weights_of_d: EffectiveWeights | None = None,
        encoder: nn.Module | None = None,
    ) -> None:
        self.generator, self.discriminator, self.loss = generator, discriminator, loss
        self.at = {site: tuple(r for r in regularizers if site in (r.facts.site, r.facts.also)) for site in SITES}
        self.setting, self.states, self.weights_of_d = setting, states, weights_of_d
        self.encoder = encoder
        """The encoder of a joint game, samples [N, ...] -> latent vectors [N, latent]. Other games have none."""
        self.progress = torch.zeros(())
        self._compares_real = any(r.facts.needs_real for r in self.at["g_term"])
        # This is looked up once, because asking a protocol takes as long as a small layer.
        self._bounded_d = discriminator if isinstance(discriminator, Constrains) else None

    @classmethod
    def starts(cls, loss: Loss, regularizers: Sequence[Regularizer], setting: Setting, shape: tuple[int, ...]) -> States:
        """Return what the loss, the terms and the game keep between steps, as it is at the start.

        Args:
            loss: The loss.
            regularizers: The regularizers.
            setting: What the game must know of its trial.
            shape: The shape of one sample.
        """
        own = {"loss": loss.facts.state} | {r.name: r.facts.state for r in regularizers}
        return {owner: {name: torch.tensor(float(value)) for name, value in values.items()} for owner, values in own.items()}

    def begin_on(self, device: torch.device) -> None:
        """Keep the share of the budget that is spent, which is 0 now, on `device`."""
        self.progress = torch.zeros((), device=device)

    @property
    def has_discriminator(self) -> bool:
        """Whether D is updated."""
        return True

    @property
    def g_networks(self) -> tuple[nn.Module, ...]:
        """The networks that G's step updates, of which G is the first."""
        return (self.generator,)

    @property
    def g_sees_real(self) -> bool:
        """Whether G's loss depends on D's output on real samples."""
        return self.loss.facts.g_needs_real

    @property
    def g_needs_batch(self) -> bool:
        """Whether G's step takes rows of the data, because it needs real samples or the conditions of the samples that it makes."""
        sees_real = not self.has_discriminator or self.g_sees_real or self.setting.joint_d_call or bool(self.at["around_g"])
        return sees_real or self._compares_real or self.setting.is_conditional

    def d_objective(
        self, batch: Batch, fake: Tensor, *, due: Due, parameters: Parameters | None = None, states: States | None = None
    ) -> Objective:
        """Return D's loss on a batch with the terms in `due`. `parameters` and `states` are used in place of D's own (unrolling)."""
        raise NotImplementedError

    def g_objective(self, batch: Batch, z: Tensor, *, due: Due, parameters: Parameters | None = None) -> Objective:
        """Return G's loss on a batch and a latent draw."""
        raise NotImplementedError

    def keep_states(self, states: States) -> None:
        """Write new values of what the loss, the terms and the game keep between steps to their buffers."""
        for owner, new in states.items():
            for name, value in new.items():
                self.states[owner][name].copy_(value)

    def due(self, step: int) -> Due:
        """Return the regularizers that act at update number `step` (from 0) of their network, as their `every` says."""
        return tuple(r.name for site in self.at.values() for r in site if step % r.every == 0)

    def due_from(self, step: int) -> tuple[Due, ...]:
        """Return `due` for update number `step` of D and for the next ones, until it repeats."""
        return tuple(self.due(step + i) for i in range(math.lcm(*(r.every for site in ("d_term", "d_weights") for r in self.at[site]))))

    def _state(self, regularizer: Regularizer, states: States | None = None) -> Mapping[str, Tensor]:
        return (self.states if states is None else states).get(regularizer.name, {})


SITES = ("on_inputs", "d_term", "d_weights", "g_term", "after_d_update", "around_g")
