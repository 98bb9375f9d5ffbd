"""Learning rate, momentum and beta2 as functions of the number of updates made."""

import math

import torch
from torch import Tensor

from landscape.components.numerics.half_cosine import half_cosine
from landscape.config.training_settings import Optimizer, Schedule
from landscape.core.errors import UserError


def rate_multiplier(schedule: Schedule, step: int, total: int | None) -> float:
    """Return the factor of the learning rate at update number `step` (from 0) of `total`.

    `linear` and `cosine` stay at 1 until the share `start` of the updates is done, and reach `final` at the share `end` of them. `step`
    multiplies by `decay` at `drops` times in between, which are equally spaced. `exponential` is decay^(updates since the start) and at
    least `final`. It needs no `total` if it starts at once.

    Raises:
        UserError: The schedule follows the budget, but the budget is not known in steps.
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
    """Return the momentum at update number `step`, linear from `momentum` to `final_momentum` at the share `momentum_saturation`."""
    if config.final_momentum is None:
        return config.momentum
    share = _share("final_momentum", step, config.momentum_saturation, total)
    return config.momentum + share * (config.final_momentum - config.momentum)


def beta2_at(config: Optimizer, step: int, total: int | None) -> float:
    """Return Adam's beta2 at update number `step`, half a cosine from `beta2` to `final_beta2` at the share `beta2_saturation`."""
    if config.final_beta2 is None:
        return config.beta2
    share = _share("final_beta2", step, config.beta2_saturation, total)
    return config.beta2 + half_cosine(share) * (config.final_beta2 - config.beta2)


def _share(what: str, step: int, end: float, total: int | None) -> float:
    if total is None:
        raise UserError(f"{what} is reached at a share of the steps: give a budget in steps or images, not in seconds")
    return min(step / (end * total), 1.0)


def schedule(optimizer: torch.optim.Optimizer, config: Optimizer, step: int, total: int | None) -> None:
    """Set the learning rate, momentum and beta2 for update number `step` (from 0) of `total`, if they change during training.

    Args:
        optimizer: The optimizer that `build` made of `config`. If its rate is a tensor, the tensor is filled in place.
        config: The name, the hyperparameters and the schedule.
        step: The number of updates that have been made.
        total: The number of updates of the whole budget, or None if the budget is in seconds.
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
