"""One network's updates: gradients of its own parameters only, its optimizer and its schedules."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from landscape import optimizers
from landscape.config import Optimizer


class Stepper:
    """Takes gradients of a loss with respect to one network and applies them.

    Gradients reach nothing but `parameters`: no network has to be frozen while the other one learns, and no gradient has to be zeroed.
    """

    def __init__(self, config: Optimizer, parameters: Mapping[str, Tensor], total_steps: int | None) -> None:
        self.config, self.total_steps, self.steps = config, total_steps, 0
        self.parameters = {name: p for name, p in parameters.items() if p.requires_grad}
        self.optimizer = optimizers.build(config, list(self.parameters.values()))

    def step(self, loss: Tensor, *, retain_graph: bool = False) -> None:
        """One update that lowers `loss`."""
        self.take_gradients(loss, retain_graph=retain_graph)
        self.apply()

    def take_gradients(self, loss: Tensor, *, retain_graph: bool = False) -> None:
        """Gradients at the weights as they are now, kept until `apply`."""
        own = list(self.parameters.values())
        for parameter in own:
            parameter.grad = None
        torch.autograd.backward(loss, inputs=own, retain_graph=retain_graph)

    def apply(self) -> None:
        """Step with the gradients taken last, at the rate that the schedule gives for this step."""
        optimizers.schedule(self.optimizer, self.config, self.steps, self.total_steps)
        self.optimizer.step()
        self.steps += 1

    def gradient_norm(self) -> float:
        """Euclidean norm of the gradients taken last; 0 before the first."""
        gradients = [p.grad for p in self.parameters.values() if p.grad is not None]
        return float(torch.nn.utils.get_total_norm(gradients)) if gradients else 0.0

    def view(self) -> dict[str, Any]:
        """The optimizer as `around_g` regularizers see it: a differentiable step, its moments now, its rate."""
        return optimizers.functional_view(self.optimizer, self.config, self.parameters)
