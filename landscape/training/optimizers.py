"""Optimizers from a config: torch's own for training, and differentiable steps of the same update for looking ahead."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from landscape.config.training_settings import Optimizer

Tensors = Mapping[str, Tensor]
"""By the parameter's name; moments by `<moment>/<parameter>`."""
FUSED_DEVICES = frozenset({"cpu", "cuda"})


def build(config: Optimizer, parameters: Sequence[Tensor], *, tensor_rate: bool = False) -> torch.optim.Optimizer:
    """The optimizer that `config` names, over `parameters`; fused where the device has it.

    Args:
        config: name and hyperparameters.
        parameters: what it updates, all on one device.
        tensor_rate: keep the learning rate (and Adam's step count) in 0-dim tensors on the device, so that a captured step follows
            the schedule.
    """
    device = parameters[0].device
    rate = torch.tensor(config.learning_rate, device=device) if tensor_rate else config.learning_rate
    fused = device.type in FUSED_DEVICES
    capturable = tensor_rate and device.type == "cuda"
    match config.name:
        case "adam":
            betas = (config.beta1, config.beta2)
            return torch.optim.Adam(parameters, lr=rate, betas=betas, eps=config.epsilon, fused=fused, capturable=capturable)
        case "sgd":
            return torch.optim.SGD(parameters, lr=rate, momentum=config.momentum, fused=fused)
        case "rmsprop":
            alpha, momentum = config.smoothing, config.momentum
            return torch.optim.RMSprop(parameters, lr=rate, alpha=alpha, eps=config.epsilon, momentum=momentum, capturable=capturable)


class FusedAdam:
    """Adam's fused kernel on the CPU without the optimizer's own step around it, which costs twice the kernel for a small net.

    The update, the state and its place in the optimizer are the same to the bit; whatever this cannot do goes through the optimizer.
    """

    def __init__(self, optimizer: torch.optim.Adam) -> None:
        self.optimizer = optimizer
        self.means: list[Tensor] = []
        self.squares: list[Tensor] = []
        self.steps: list[Tensor] = []
        self.count = torch.zeros(0)

    @classmethod
    def of(cls, optimizer: torch.optim.Optimizer) -> "FusedAdam | None":
        """For a plain Adam on the CPU with one group of parameters; None for another."""
        if not isinstance(optimizer, torch.optim.Adam) or len(optimizer.param_groups) != 1 or not hasattr(torch, "_fused_adam_"):
            return None
        group = optimizer.param_groups[0]
        on_cpu = all(p.device.type == "cpu" for p in group["params"])
        return cls(optimizer) if on_cpu and group["fused"] and not isinstance(group["lr"], Tensor) else None

    def step(self, gradients: Sequence[Tensor | None]) -> bool:
        """Update in place; False, with nothing done, before the optimizer has a state and where a gradient is missing."""
        group = self.optimizer.param_groups[0]
        present = [g for g in gradients if g is not None]
        if len(present) < len(gradients) or not self._has_state(group["params"]):
            return False
        self.count.add_(1)
        beta1, beta2 = group["betas"]
        torch._fused_adam_(
            group["params"],
            present,
            self.means,
            self.squares,
            [],
            self.steps,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            weight_decay=0.0,
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )
        return True

    def _has_state(self, parameters: Sequence[Tensor]) -> bool:
        """Whether the lists are the optimizer's state, read anew where it was replaced (a checkpoint was loaded)."""
        known = self.optimizer.state
        first, last = known.get(parameters[0]), known.get(parameters[-1])
        if not first or not last:
            return False
        if not self.steps or first["step"] is not self.steps[0] or last["exp_avg_sq"] is not self.squares[-1]:
            states = [known[p] for p in parameters]
            self.means, self.squares = [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states]
            # One tensor behind all step counts: one addition counts for all.
            self.count = torch.stack([s["step"] for s in states])
            self.steps = list(self.count.unbind())
            for state, step in zip(states, self.steps, strict=True):
                state["step"] = step
        return True
