"""Updates one network with its optimizer and its schedules."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from landscape.config.training_settings import Optimizer
from landscape.training.functional_optimizers import OptimizerState, state_of
from landscape.training.optimizers import FusedAdam, build
from landscape.training.schedules import rate_multiplier, schedule


class Stepper:
    """The parameters of one network, their optimizer, and the schedules of its rate and momentum.

    With `tensor_rate` the rate is a tensor on the device, so that recorded updates can follow the schedule.
    """

    def __init__(self, config: Optimizer, parameters: Mapping[str, Tensor], total_steps: int | None, *, tensor_rate: bool = False) -> None:
        self.config, self.total_steps, self.steps = config, total_steps, 0
        self.parameters = {name: p for name, p in parameters.items() if p.requires_grad}
        self.optimizer = build(config, list(self.parameters.values()), tensor_rate=tensor_rate)
        self._fed: Sequence[Tensor] | None = None
        self._fed_from = 0
        self._direct = FusedAdam.of(self.optimizer)
        self.gradients: Sequence[Tensor | None] = ()

    def apply(self, gradients: Sequence[Tensor | None], *, lasting: bool = True) -> None:
        """Step with `gradients` at the rate that is scheduled for this step.

        Args:
            gradients: The gradient of each parameter, or None for a parameter on which the loss does not depend.
            lasting: Whether nothing will overwrite the gradients, so that their norm can be computed when it is asked for.
        """
        self._schedule()
        gradients = [_laid_out_as(p, g) for p, g in zip(self.parameters.values(), gradients, strict=True)]
        if self._direct is None or not self._direct.step(gradients):
            for parameter, gradient in zip(self.parameters.values(), gradients, strict=True):
                parameter.grad = gradient
            self.optimizer.step()
            for parameter in self.parameters.values():
                parameter.grad = None
        self.steps += 1
        # If gradients do not last, their norm is kept in their place. The norm of a norm is the norm itself.
        self.gradients = gradients if lasting else [_norm(gradients)]

    def feed(self, rates: Sequence[Tensor] | None) -> None:
        """Take the rate of the i-th update from now from `rates[i]`, while updates are recorded. `feed(None)` ends this."""
        self._fed, self._fed_from = rates, self.steps

    def _schedule(self) -> None:
        """Set the optimizer's rate and momentum for the next update."""
        if self._fed is None:
            schedule(self.optimizer, self.config, self.steps, self.total_steps)
        else:
            self.optimizer.param_groups[0]["lr"].copy_(self._fed[self.steps - self._fed_from])

    def next_rates(self, n: int) -> list[float]:
        """Return the scheduled rates of the next `n` updates."""
        multipliers = (rate_multiplier(self.config.schedule, self.steps + i, self.total_steps) for i in range(n))
        return [self.config.learning_rate * m for m in multipliers]

    def gradient_norm(self) -> float:
        """Return the Euclidean norm of the gradients that were applied last, or 0 before the first update."""
        return float(_norm(self.gradients))

    def state(self) -> OptimizerState:
        """Return the state from which a look-ahead starts, with the rate of the next update."""
        self._schedule()
        return state_of(self.optimizer, self.config, self.parameters)


def _laid_out_as(parameter: Tensor, gradient: Tensor | None) -> Tensor | None:
    """Return `gradient` with the strides of its parameter, because fused kernels read the memory of both in order, whatever the strides.

    The second derivative of a convolution is contiguous even if the weights are channels-last.
    """
    if gradient is None or gradient.stride() == parameter.stride():
        return gradient
    strides = zip(parameter.shape, parameter.stride(), gradient.stride(), strict=True)
    if all(mine == its or n == 1 for n, mine, its in strides):
        return gradient
    return torch.empty_like(parameter).copy_(gradient)


def _norm(gradients: Sequence[Tensor | None]) -> Tensor:
    return torch.nn.utils.get_total_norm([g for g in gradients if g is not None])
