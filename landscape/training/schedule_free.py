"""Schedule-Free AdamW, which keeps an average of the weights in the place of a schedule."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from landscape.config.training_settings import Optimizer


class ScheduleFree(torch.optim.Optimizer):
    """Schedule-Free AdamW of Defazio et al. 2024, arXiv:2405.15682, at a constant rate and without warm-up.

    The parameters hold y, at which gradients are taken. Each has two more sequences in its state: z, which makes Adam's steps without
    momentum, and their average x, at which the model is evaluated. With the rate r, the decay d and the step t from 1 on:

    - z becomes z - r (g / (sqrt(v / (1 - beta2^t)) + epsilon) + d y), where v is Adam's moving average of squared gradients g.
    - x becomes the mean of the first t values of z, (1 - 1 / t) x + z / t.
    - y becomes (1 - beta1) z + beta1 x.

    The packages `schedulefree` (1.4.1) and `heavyball` (3.2.1) compute the same. They are not used, because they keep counts and sums
    beside the state of the parameters, which checkpoints here do not hold, and get x from y and z, which fails at a beta1 of 0.
    """

    def __init__(self, parameters: Sequence[Tensor], config: Optimizer) -> None:
        rate, betas = config.learning_rate, (config.beta1, config.beta2)
        super().__init__(parameters, {"lr": rate, "betas": betas, "eps": config.epsilon, "weight_decay": config.weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # nothing here evaluates a closure
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)

    def _update(self, y: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state, (beta1, beta2) = self.state[y], group["betas"]
        if not state:
            state |= {"step": torch.zeros(()), "exp_avg_sq": torch.zeros_like(y), "z": y.clone(), "x": y.clone()}
        state["step"] += 1
        step, square, z, x = int(state["step"]), state["exp_avg_sq"], state["z"], state["x"]
        square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        deviation = (square / (1 - beta2**step)).sqrt_().add_(group["eps"])
        z.sub_(y, alpha=group["lr"] * group["weight_decay"])
        z.addcdiv_(gradient, deviation, value=-group["lr"])
        x.lerp_(z, 1 / step)
        y.copy_(torch.lerp(z, x, beta1))


@torch.no_grad()
def copy_average(average: nn.Module, network: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Enter the averages x of the parameters of `network` into `average`, and its buffers as they are.

    A parameter without an average, because it had no gradient yet, is copied.
    """
    for mine, theirs in zip(average.parameters(), network.parameters(), strict=True):
        mine.copy_(optimizer.state.get(theirs, {}).get("x", theirs))
    for buffer, present in zip(average.buffers(), network.buffers(), strict=True):
        buffer.copy_(present)
