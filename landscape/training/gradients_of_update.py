"""Computes the losses and gradients of one update, before it is applied."""

from typing import NamedTuple

import torch
from torch import Tensor

from landscape.components.tasks._base import Batch
from landscape.config.trial_config import TrialConfig
from landscape.training.component_calls import Parameters
from landscape.training.functional_optimizers import functional_view
from landscape.training.game import Due, NextD, Objective
from landscape.training.objectives import Adversarial


class Update(NamedTuple):
    """One update before it is applied: gradients, and detached scalars to watch."""

    total: Tensor
    gradients: tuple[Tensor | None, ...]
    """The gradient of each parameter, or None if the loss does not depend on it."""
    terms: dict[str, Tensor]
    """The terms of the regularizers by name."""
    report: dict[str, Tensor]
    states: dict[str, dict[str, Tensor]]
    """The new values of what the loss and the terms keep between steps."""
    logits: tuple[Tensor, ...] = ()
    """D's logits on real and on generated samples, minus the loss's boundary. They are above 0 for samples that D calls real. Without such
    a boundary there are none.
    """

    @classmethod
    def of(cls, objective: Objective, parameters: tuple[Tensor, ...], one: Tensor, *, retain_graph: bool = False) -> "Update":
        """Compute the gradients with respect to `parameters` alone. No network has to be frozen, and no gradient has to be zeroed.

        `one` is a 1 on the objective's device, the derivative of the objective by itself. Otherwise autograd would make it anew each time.
        """
        gradients = torch.autograd.grad(objective.total, parameters, one, allow_unused=True, retain_graph=retain_graph or None)
        outputs, boundary = (objective.real, objective.fake), objective.boundary
        return cls(
            objective.total.detach(),
            gradients,
            {name: term.detach() for name, term in objective.terms.items() if name != "adversarial"},
            {name: value.detach() for name, value in objective.report.items()},
            {owner: {name: value.detach() for name, value in new.items()} for owner, new in objective.states.items()},
            tuple(o.logit.detach() - boundary if boundary else o.logit.detach() for o in outputs if o is not None)
            if boundary is not None
            else (),
        )

    def watched(self) -> "Update":
        """Copy what is watched, without the gradients, because the next replay of a CUDA graph overwrites its outputs."""
        terms, report = ({name: value.clone() for name, value in each.items()} for each in (self.terms, self.report))
        return Update(self.total.clone(), (), terms, report, {}, tuple(each.clone() for each in self.logits))


class Gradients:
    """Computes the loss and gradients of updates by functions of tensors and of the terms that are due, which can be compiled."""

    def __init__(
        self, config: TrialConfig, game: Adversarial, d_parameters: tuple[Tensor, ...], g_parameters: tuple[Tensor, ...], device_type: str
    ) -> None:
        self.config, self.game, self.device_type = config, game, device_type
        self.d_parameters, self.g_parameters = d_parameters, g_parameters
        self._one = torch.ones((), device=next(game.generator.parameters()).device)

    def changed_in_place(self) -> list[Tensor]:
        """Return the tensors that computing an update changes: running statistics and power iterations."""
        networks = (*self.game.g_networks, self.game.discriminator)
        return [buffer for network in networks if network is not None for buffer in network.buffers()]

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device_type, dtype=torch.bfloat16, enabled=self.config.precision == "bf16")

    def of_d(self, batch: Batch, z: Tensor, due: Due) -> Update:
        """Return D's loss on a batch and its gradients with respect to D."""
        with self._autocast():
            with torch.no_grad():
                fake = self.game.fakes(batch, z)
            objective = self.game.d_objective(batch, fake, due=due)
        return Update.of(objective, self.d_parameters, self._one)

    def of_g(self, batch: Batch, z: Tensor, due: Due, next_d: NextD | None = None) -> Update:
        """Return G's loss and its gradients with respect to G, and to an encoder, which learns with it."""
        with self._autocast():
            objective = self.game.g_objective(batch, z, due=due, parameters=self.look_ahead(batch, z, next_d))
        parameters = self.g_parameters if self.game.has_discriminator else self.g_parameters + self.d_parameters
        return Update.of(objective, parameters, self._one)

    def of_both(self, batch: Batch, z: Tensor, due: Due, next_d: NextD | None = None) -> tuple[Update, Update]:
        """Return both losses and both gradients at the same weights."""
        with self._autocast():
            d, g = self.game.both_objectives(batch, z, due=due, ahead=self.look_ahead(batch, z, next_d))
        return Update.of(d, self.d_parameters, self._one, retain_graph=True), Update.of(g, self.g_parameters, self._one)

    def look_ahead(self, batch: Batch, z: Tensor, next_d: NextD | None) -> Parameters | None:
        """Return D's parameters after its next updates if G's loss uses those, or None if it uses the present ones."""
        if next_d is None:
            return None
        return self.game.look_ahead(batch, z, functional_view(self.config.d_optimizer, next_d.state), due=next_d.due)
