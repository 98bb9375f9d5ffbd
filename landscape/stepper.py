"""One network's updates: its parameters, its optimizer and its schedules."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from landscape.config import Optimizer
from landscape.optimizers import FusedAdam, OptimizerState, build, schedule, state_of


class Stepper:
    """The parameters of one network, their optimizer, and the schedules of its rate and momentum."""

    def __init__(self, config: Optimizer, parameters: Mapping[str, Tensor], total_steps: int | None) -> None:
        self.config, self.total_steps, self.steps = config, total_steps, 0
        self.parameters = {name: p for name, p in parameters.items() if p.requires_grad}
        self.optimizer = build(config, list(self.parameters.values()))
        self._direct = FusedAdam.of(self.optimizer)
        self._gradients: Sequence[Tensor | None] = ()

    def apply(self, gradients: Sequence[Tensor | None], *, lasting: bool = True) -> None:
        """Step with `gradients` (one a parameter, None where the loss does not depend on it), at the rate scheduled for this step.

        `lasting`: nothing will write over them, so that their norm can wait until it is asked for.
        """
        schedule(self.optimizer, self.config, self.steps, self.total_steps)
        if self._direct is None or not self._direct.step(gradients):
            for parameter, gradient in zip(self.parameters.values(), gradients, strict=True):
                parameter.grad = gradient
            self.optimizer.step()
            for parameter in self.parameters.values():
                parameter.grad = None
        self.steps += 1
        # of what does not last the norm is kept, whose norm is itself
        self._gradients = gradients if lasting else [_norm(gradients)]

    def gradient_norm(self) -> float:
        """Euclidean norm of the gradients applied last; 0 before the first."""
        return float(_norm(self._gradients))

    def state(self) -> OptimizerState:
        """What a look-ahead starts from."""
        return state_of(self.optimizer, self.config, self.parameters)


def _norm(gradients: Sequence[Tensor | None]) -> Tensor:
    return torch.nn.utils.get_total_norm([g for g in gradients if g is not None])
