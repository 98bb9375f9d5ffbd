"""Optimizers from a config: torch's own for training, and differentiable steps of the same update for looking ahead."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from landscape.config import Optimizer, Schedule
from landscape.errors import UserError
from landscape.ramps import half_cosine

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


# Schedules


def rate_multiplier(schedule: Schedule, step: int, total: int | None) -> float:
    """What the learning rate is multiplied by at update number `step` (from 0) of `total`.

    `linear` and `cosine` stay at 1 until the share `start` of the updates is done and reach `final` at the share `end` of them; `step`
    multiplies by `decay` at `drops` times in between, which divide it equally; `exponential` is decay^(updates since the start), not below
    `final`, and needs no `total` when it starts at once.

    Raises:
        UserError: a schedule over the budget, when the budget is not known in steps.
    """
    if schedule.name == "constant":
        return 1.0
    if total is None and (schedule.name != "exponential" or schedule.start > 0):
        raise UserError(f"schedule {schedule.name!r} follows the share of the steps: give a budget in steps or images, not in seconds")
    begin = schedule.start * total if total is not None else 0.0
    if schedule.name == "exponential":
        return max(math.pow(schedule.decay, max(step - begin, 0.0)), schedule.final)
    assert total is not None
    share = min(max((step - begin) / (schedule.end * total - begin), 0.0), 1.0)
    if schedule.name == "step":
        return math.pow(schedule.decay, min(int(share * (schedule.drops + 1)), schedule.drops))
    if schedule.name == "cosine":
        share = half_cosine(share)
    return 1 + share * (schedule.final - 1)


def momentum_at(config: Optimizer, step: int, total: int | None) -> float:
    """Momentum at update number `step` (from 0): linear from `momentum` to `final_momentum` over `momentum_saturation` of the updates."""
    if config.final_momentum is None:
        return config.momentum
    share = _share("final_momentum", step, config.momentum_saturation, total)
    return config.momentum + share * (config.final_momentum - config.momentum)


def beta2_at(config: Optimizer, step: int, total: int | None) -> float:
    """Adam's beta2 at update number `step` (from 0): half a cosine from `beta2` to `final_beta2` over `beta2_saturation` of the updates."""
    if config.final_beta2 is None:
        return config.beta2
    share = _share("final_beta2", step, config.beta2_saturation, total)
    return config.beta2 + half_cosine(share) * (config.final_beta2 - config.beta2)


def _share(what: str, step: int, end: float, total: int | None) -> float:
    if total is None:
        raise UserError(f"{what} is reached at a share of the steps: give a budget in steps or images, not in seconds")
    return min(step / (end * total), 1.0)


def schedule(optimizer: torch.optim.Optimizer, config: Optimizer, step: int, total: int | None) -> None:
    """Set learning rate, momentum and beta2 for update number `step` (from 0) of `total`; nothing to do where they are constant.

    Args:
        optimizer: what `build` made of `config`; its rate may be a tensor, which is then filled in place.
        config: name, hyperparameters, schedule.
        step: updates already made.
        total: updates that the budget amounts to; None when it is in seconds.
    """
    if config.schedule.name != "constant":
        rate = config.learning_rate * rate_multiplier(config.schedule, step, total)
        for group in optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
    if config.final_momentum is not None:
        for group in optimizer.param_groups:
            group["momentum"] = momentum_at(config, step, total)
    if config.final_beta2 is not None:
        for group in optimizer.param_groups:
            group["betas"] = (config.beta1, beta2_at(config, step, total))


# Differentiable steps

Step = Callable[[Tensors, Tensors, Tensors], tuple[dict[str, Tensor], dict[str, Tensor]]]
MOMENTS = {"adam": ("step", "exp_avg", "exp_avg_sq"), "sgd": ("momentum_buffer",), "rmsprop": ("square_avg", "momentum_buffer")}
"""What torch keeps for each optimizer, by the names of its state."""


class OptimizerState(NamedTuple):
    """What the next update depends on beside parameters and gradients; tensors all, so that a compiled update takes it as input."""

    rate: Tensor
    momentum: Tensor
    beta2: Tensor
    moments: dict[str, Tensor]
    """Zeros before the first step; detached."""


def state_of(optimizer: torch.optim.Optimizer, config: Optimizer, parameters: Tensors) -> OptimizerState:
    """The state of `optimizer`, over `parameters` by name."""
    group = optimizer.param_groups[0]
    device = next(iter(parameters.values())).device
    given = (group["lr"], group.get("momentum", 0.0), group.get("betas", (0.0, 0.0))[1])
    rate, momentum, beta2 = (g.double() if isinstance(g, Tensor) else torch.full((), g, dtype=torch.float64, device=device) for g in given)
    return OptimizerState(rate, momentum, beta2, _moments(optimizer, config.name, parameters))


def functional_view(config: Optimizer, state: OptimizerState) -> dict[str, Any]:
    """The optimizer as a differentiable function: what a look-ahead needs to repeat its updates without making them.

    Returns:
        `optimizer_step` (parameters, gradients, moments) -> (parameters, moments), the very update that the optimizer would make;
        `moments`, its state now; `learning_rate`.
    """
    rate, momentum = state.rate, state.momentum
    beta2 = config.beta2 if config.final_beta2 is None else state.beta2
    steps: dict[str, Step] = {
        "adam": lambda p, g, m: adam_step(p, g, m, rate=rate, betas=(config.beta1, beta2), epsilon=config.epsilon),
        "sgd": lambda p, g, m: sgd_step(p, g, m, rate=rate, momentum=momentum),
        "rmsprop": lambda p, g, m: rmsprop_step(p, g, m, rate=rate, smoothing=config.smoothing, epsilon=config.epsilon, momentum=momentum),
    }
    return {"optimizer_step": steps[config.name], "moments": state.moments, "learning_rate": rate}


def _moments(optimizer: torch.optim.Optimizer, name: str, parameters: Tensors) -> dict[str, Tensor]:
    found = {}
    for parameter_name, parameter in parameters.items():
        state = optimizer.state.get(parameter, {})
        for moment in MOMENTS[name]:
            value = state.get(moment)
            if value is None:
                value = torch.zeros((), device=parameter.device) if moment == "step" else torch.zeros_like(parameter)
            found[f"{moment}/{parameter_name}"] = value.detach()
    return found


def adam_step(
    parameters: Tensors, gradients: Tensors, moments: Tensors, *, rate: float | Tensor, betas: tuple[float, float | Tensor], epsilon: float
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """One update of torch's Adam, differentiable in all three arguments. Returns the new parameters and moments."""
    beta1, beta2 = betas
    updated: dict[str, Tensor] = {}
    kept: dict[str, Tensor] = {}
    for name, parameter in parameters.items():
        gradient, step = gradients[name], moments[f"step/{name}"] + 1
        mean = beta1 * moments[f"exp_avg/{name}"] + (1 - beta1) * gradient
        square = beta2 * moments[f"exp_avg_sq/{name}"] + (1 - beta2) * gradient.square()
        deviation = _root(square) / (1 - beta2**step).sqrt() + epsilon
        updated[name] = parameter - rate / (1 - beta1**step) * mean / deviation
        kept |= {f"step/{name}": step, f"exp_avg/{name}": mean, f"exp_avg_sq/{name}": square}
    return updated, kept


def sgd_step(
    parameters: Tensors, gradients: Tensors, moments: Tensors, *, rate: float | Tensor, momentum: float | Tensor
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """One update of torch's SGD, differentiable in all three arguments. Returns the new parameters and moments."""
    kept = {f"momentum_buffer/{name}": momentum * moments[f"momentum_buffer/{name}"] + gradients[name] for name in parameters}
    return {name: parameter - rate * kept[f"momentum_buffer/{name}"] for name, parameter in parameters.items()}, kept


def rmsprop_step(
    parameters: Tensors,
    gradients: Tensors,
    moments: Tensors,
    *,
    rate: float | Tensor,
    smoothing: float,
    epsilon: float,
    momentum: float | Tensor,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """One update of torch's RMSprop, differentiable in all three arguments. Returns the new parameters and moments."""
    updated: dict[str, Tensor] = {}
    kept: dict[str, Tensor] = {}
    for name, parameter in parameters.items():
        gradient = gradients[name]
        square = smoothing * moments[f"square_avg/{name}"] + (1 - smoothing) * gradient.square()
        velocity = momentum * moments[f"momentum_buffer/{name}"] + gradient / (_root(square) + epsilon)
        updated[name] = parameter - rate * velocity
        kept |= {f"square_avg/{name}": square, f"momentum_buffer/{name}": velocity}
    return updated, kept


def _root(square: Tensor) -> Tensor:
    """Square root whose derivative at 0 is 0: a weight that gets no gradient (behind a dead ReLU) would otherwise make NaN of it."""
    positive = square > 0
    return torch.where(positive, torch.where(positive, square, torch.ones_like(square)).sqrt(), torch.zeros_like(square))
