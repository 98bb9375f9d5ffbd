"""Builds torch's optimizers from a configuration, and runs Adam's fused kernel directly."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from landscape.config.training_settings import Optimizer
from landscape.training.schedule_free import ScheduleFree

Tensors = Mapping[str, Tensor]
"""Tensors by the parameter's name. Moments have the names `<moment>/<parameter>`."""
FUSED_DEVICES = frozenset({"cpu", "cuda"})


def build(config: Optimizer, parameters: Sequence[Tensor], *, tensor_rate: bool = False) -> torch.optim.Optimizer:
    """Build the optimizer that `config` names for `parameters`. It is fused if the device has a fused one.

    Args:
        config: The name and hyperparameters.
        parameters: The parameters that it updates, all on one device.
        tensor_rate: Whether the learning rate (and Adam's step count) are 0-dim tensors on the device, so that a recorded step follows the
            schedule.
    """
    device = parameters[0].device
    rate = torch.tensor(config.learning_rate, device=device) if tensor_rate else config.learning_rate
    fused = device.type in FUSED_DEVICES
    capturable = tensor_rate and device.type == "cuda"
    match config.name:
        case "adam":
            betas, decay = (config.beta1, config.beta2), config.weight_decay
            return torch.optim.Adam(parameters, rate, betas, config.epsilon, decay, fused=fused, capturable=capturable)
        case "adamw":
            betas, decay = (config.beta1, config.beta2), config.weight_decay
            return torch.optim.AdamW(parameters, rate, betas, config.epsilon, decay, fused=fused, capturable=capturable)
        case "muon":
            return Muon(parameters, config)
        case "schedule_free":
            return ScheduleFree(parameters, config)
        case "sgd":
            return torch.optim.SGD(parameters, lr=rate, momentum=config.momentum, fused=fused)
        case "rmsprop":
            alpha, momentum = config.smoothing, config.momentum
            return torch.optim.RMSprop(parameters, lr=rate, alpha=alpha, eps=config.epsilon, momentum=momentum, capturable=capturable)


class Muon(torch.optim.Optimizer):
    """Torch's Muon for kernels and torch's AdamW for all other parameters, as Jordan et al. 2024 and Liu et al. 2025 (arXiv:2502.16982).

    A kernel is updated as a matrix of its first dimension by the others. Its step is scaled to the size of AdamW's (`match_rms_adamw`), so
    that one learning rate serves both. The rate is a number and no tensor, so its updates cannot be recorded.
    """

    def __init__(self, parameters: Sequence[Tensor], config: Optimizer) -> None:
        super().__init__(parameters, {"lr": config.learning_rate, "momentum": config.momentum})
        self._matrices = {p: nn.Parameter(_as_matrix(p.detach(), p)) for p in parameters if p.ndim > 1}
        self._optimizers: list[torch.optim.Optimizer] = []
        decay = config.weight_decay
        if self._matrices:
            matrices = list(self._matrices.values())
            scaled = torch.optim.Muon(matrices, config.learning_rate, decay, config.momentum, adjust_lr_fn="match_rms_adamw")
            self._optimizers.append(scaled)
        if others := [p for p in parameters if p.ndim <= 1]:
            betas = (config.beta1, config.beta2)
            self._optimizers.append(torch.optim.AdamW(others, config.learning_rate, betas, config.epsilon, decay))

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # nothing here evaluates a closure
        """Update every parameter that has a gradient."""
        given = self.param_groups[0]
        for parameter, matrix in self._matrices.items():
            matrix.grad = None if parameter.grad is None else _as_matrix(parameter.grad, parameter)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group |= {name: given[name] for name in ("lr", "momentum") if name in group}
            optimizer.step()
        self._each_state(lambda mine, theirs: mine.update(theirs))

    def load_state_dict(self, state_dict: Any) -> None:
        """Restore what `state_dict` returned."""
        super().load_state_dict(state_dict)
        self._each_state(lambda mine, theirs: theirs.update(mine))

    def _each_state(self, copy: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
        """Call `copy` with the state of each parameter here and in the optimizer that updates it."""
        for parameter in self.param_groups[0]["params"]:
            held = self._matrices.get(parameter, parameter)
            at = self._optimizers[0] if parameter in self._matrices else self._optimizers[-1]
            copy(self.state[parameter], at.state[held])


def _as_matrix(tensor: Tensor, like: Tensor) -> Tensor:
    """Return `tensor` as a matrix of its first dimension by the rest, which is a view if it has the memory layout of `like`."""
    if like.ndim == 4 and not like.is_contiguous():
        tensor = tensor.permute(0, 2, 3, 1)  # channels last
    return tensor.flatten(1)


class FusedAdam:
    """Runs Adam's fused kernel on the CPU without the optimizer's own step, which takes twice as long as the kernel for a small net.

    The update, the state and its place in the optimizer are the same to the bit. Whatever this class cannot do is done by the optimizer.
    """

    def __init__(self, optimizer: torch.optim.Adam) -> None:
        self.optimizer = optimizer
        self.means: list[Tensor] = []
        self.squares: list[Tensor] = []
        self.steps: list[Tensor] = []
        self.count = torch.zeros(0)

    @classmethod
    def of(cls, optimizer: torch.optim.Optimizer) -> "FusedAdam | None":
        """Return an instance for a plain Adam on the CPU with one group of parameters, or None for any other optimizer."""
        # AdamW is a subclass of Adam, and its update is another one.
        if type(optimizer) is not torch.optim.Adam or len(optimizer.param_groups) != 1 or not hasattr(torch, "_fused_adam_"):
            return None
        group = optimizer.param_groups[0]
        on_cpu = all(p.device.type == "cpu" for p in group["params"])
        return cls(optimizer) if on_cpu and group["fused"] and not isinstance(group["lr"], Tensor) else None

    def step(self, gradients: Sequence[Tensor | None]) -> bool:
        """Update in place and return True. If a gradient is missing or the optimizer has no state yet, do nothing and return False."""
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
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )
        return True

    def _has_state(self, parameters: Sequence[Tensor]) -> bool:
        """Return whether the optimizer has a state. The lists are read anew if it was replaced, as when a checkpoint is loaded."""
        known = self.optimizer.state
        first, last = known.get(parameters[0]), known.get(parameters[-1])
        if not first or not last:
            return False
        if not self.steps or first["step"] is not self.steps[0] or last["exp_avg_sq"] is not self.squares[-1]:
            states = [known[p] for p in parameters]
            self.means, self.squares = [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states]
            # All step counts are views of one tensor, so that one addition raises all of them.
            self.count = torch.stack([s["step"] for s in states])
            self.steps = list(self.count.unbind())
            for state, step in zip(states, self.steps, strict=True):
                state["step"] = step
        return True
