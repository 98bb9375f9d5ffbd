"""The exponential moving average of a generator's weights."""

import math

import torch
from torch import Tensor, nn

from landscape.components.numerics.half_cosine import half_cosine
from landscape.config.training_settings import Ema


def share_of_present(ema: Ema, images: float, progress: Tensor) -> float | Tensor:
    """Return the share by which the average moves to the present weights at an update: 1 - 0.5^(images / half-life), or 1 - decay.

    If the half-life rises during a burn-in, the share is a 0-dim tensor that depends on `progress`, the share of the budget that is spent,
    because recorded rounds read that from memory.
    """
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
