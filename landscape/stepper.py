"""One network's updates: its parameters, its optimizer and its schedules."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from landscape.config import Optimizer
from landscape.optimizers import build, functional_view, schedule


class Stepper:
    """The parameters of one network, their optimizer, and the schedules of its rate and momentum."""

    def __init__(self, config: Optimizer, parameters: Mapping[str, Tensor], total_steps: int | None) -> None:
        self.config, self.total_steps, self.steps = config, total_steps, 0
        self.parameters = {name: p for name, p in parameters.items() if p.requires_grad}
        self.optimizer = build(config, list(self.parameters.values()))

    def apply(self, gradients: Sequence[Tensor | None]) -> None:
        """Step with `gradients` (one a parameter, None where the loss does not depend on it), at the rate scheduled for this step."""
        for parameter, gradient in zip(self.parameters.values(), gradients, strict=True):
            parameter.grad = gradient
        schedule(self.optimizer, self.config, self.steps, self.total_steps)
        self.optimizer.step()
        self.steps += 1

    def gradient_norm(self) -> float:
        """Euclidean norm of the gradients applied last; 0 before the first."""
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        return float(torch.nn.utils.get_total_norm(gradients)) if gradients else 0.0

    def view(self) -> dict[str, Any]:
        """The optimizer as `around_g` regularizers see it: a differentiable step, its moments now, its rate."""
        return functional_view(self.optimizer, self.config, self.parameters)
