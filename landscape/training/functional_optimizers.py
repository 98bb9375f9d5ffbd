"""Optimizer steps as differentiable functions of parameters, gradients and moments, by which updates of D are looked ahead."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from landscape.config.training_settings import Optimizer
from landscape.training.optimizers import Tensors

Step = Callable[[Tensors, Tensors, Tensors], tuple[dict[str, Tensor], dict[str, Tensor]]]


ADAMS = ("step", "exp_avg", "exp_avg_sq")
MOMENTS = {"adam": ADAMS, "adamw": ADAMS, "sgd": ("momentum_buffer",), "rmsprop": ("square_avg", "momentum_buffer")}
"""The names of what torch keeps for each optimizer in its state."""


class OptimizerState(NamedTuple):
    """What the next update depends on beside parameters and gradients. All are tensors, so that a compiled update takes them as inputs."""

    rate: Tensor
    momentum: Tensor
    beta2: Tensor
    moments: dict[str, Tensor]
    """The moments, detached, which are zeros before the first step."""


def state_of(optimizer: torch.optim.Optimizer, config: Optimizer, parameters: Tensors) -> OptimizerState:
    """Return the state of `optimizer` for `parameters`, by their names."""
    group = optimizer.param_groups[0]
    device = next(iter(parameters.values())).device
    given = (group["lr"], group.get("momentum", 0.0), group.get("betas", (0.0, 0.0))[1])
    rate, momentum, beta2 = (g.double() if isinstance(g, Tensor) else torch.full((), g, dtype=torch.float64, device=device) for g in given)
    return OptimizerState(rate, momentum, beta2, _moments(optimizer, config.name, parameters))


def functional_view(config: Optimizer, state: OptimizerState) -> dict[str, Any]:
    """Return the optimizer as a differentiable function, by which a look-ahead computes its updates without making them.

    Returns:
        `optimizer_step`, a function from parameters, gradients and moments to new parameters and moments, which is the very update that the
        optimizer would make, the present `moments`, and the `learning_rate`.
    """
    rate, momentum = state.rate, state.momentum
    beta2 = config.beta2 if config.final_beta2 is None else state.beta2
    adam = partial(adam_step, rate=rate, betas=(config.beta1, beta2), epsilon=config.epsilon)
    steps: dict[str, Step] = {
        "adam": lambda p, g, m: adam(
            p, {name: g[name] + config.weight_decay * x for name, x in p.items()} if config.weight_decay else g, m
        ),
        "adamw": lambda p, g, m: adam({name: x * (1 - rate * config.weight_decay) for name, x in p.items()}, g, m),
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
    """Compute one update of torch's Adam, differentiable in all three arguments. Return the new parameters and moments."""
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
    """Compute one update of torch's SGD, differentiable in all three arguments. Return the new parameters and moments."""
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
    """Compute one update of torch's RMSprop, differentiable in all three arguments. Return the new parameters and moments."""
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
    """Return the square root with a derivative of 0 at 0. A weight without gradient (behind a dead ReLU) would otherwise give NaN."""
    positive = square > 0
    return torch.where(positive, torch.where(positive, square, torch.ones_like(square)).sqrt(), torch.zeros_like(square))
