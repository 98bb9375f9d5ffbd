"""The moving average of a generator's weights: exponential, or with a profile that grows as a power of time."""

import functools
import math

import numpy as np
import torch
from torch import Tensor, nn

from landscape.components.numerics.half_cosine import half_cosine
from landscape.config.training_settings import Ema


@functools.cache
def power_of(relative_width: float) -> float:
    """Return the power gamma with which the weights of step s enter an average in proportion to s^gamma (Karras et al. 2024, equation 126).

    It is the root gamma >= 0 of (gamma + 1) / ((gamma + 2)^2 (gamma + 3)) = width^2. There is one up to the width 12^-1/2 of the plain
    mean.
    """
    precision = relative_width**-2
    return max(float(np.roots([1.0, 7.0, 16.0 - precision, 12.0 - precision]).real.max()), 0.0)


def share_of_present(ema: Ema, images: float, progress: Tensor, updates: int | Tensor) -> float | Tensor:
    """Return the share by which the average moves to the present weights at an update.

    This is 1 - decay, 1 - 0.5^(images / half-life), or 1 - (1 - 1/t)^(gamma + 1) for a relative width (equation 127 of Karras et al. 2024).
    Recorded rounds read from memory what changes with time. The share is then a 0-dim tensor.

    Args:
        ema: The average.
        images: The images that D is shown between two updates.
        progress: The share of the budget that is spent, 0-dim. The half-life depends on it during a burn-in.
        updates: The number t of the update, from 1, since averaging began.
    """
    if ema.relative_width is not None:
        exponent = power_of(ema.relative_width) + 1
        if isinstance(updates, Tensor):
            return -torch.expm1(exponent * torch.log1p(-1 / updates))
        return 1.0 if updates == 1 else -math.expm1(exponent * math.log1p(-1 / updates))
    if ema.half_life_images is None:
        return 1 - (ema.decay or 0.0)
    if not ema.burn_in:
        return 1 - math.pow(0.5, images / ema.half_life_images)
    half_life = ema.half_life_images * half_cosine((progress / ema.burn_in).clamp(max=1))
    return 1 - torch.pow(0.5, images / half_life)


@torch.no_grad()
def move(average: nn.Module, network: nn.Module, share: float | Tensor) -> None:
    """Move the parameters of `average` by `share` of the way to those of `network`, and copy the buffers."""
    mine: list[Tensor] = list(average.parameters())
    theirs = [p.detach() for p in network.parameters()]
    if isinstance(share, Tensor):
        torch._foreach_lerp_(mine, theirs, [share] * len(mine))
    else:
        torch._foreach_lerp_(mine, theirs, share)
    if buffers := list(average.buffers()):
        torch._foreach_copy_(buffers, list(network.buffers()))
