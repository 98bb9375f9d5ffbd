"""The zero-centered gradient penalty that R1, R2 and their sum share."""

import torch
from torch import Tensor

from landscape.gradients import input_gradient
from landscape.regularizers._base import Critique


def annealed(gamma: float, final: float | None, end: float, progress: Tensor) -> float | Tensor:
    """gamma, or where `final` is given: down (or up) to it along half a cosine, over the share `end` of the budget; 0-dim."""
    if final is None:
        return gamma
    share = (progress / end).clamp(max=1)
    return final + (gamma - final) * 0.5 * (1 + torch.cos(torch.pi * share))


def squared_slope(critique: Critique, points: Tensor) -> Tensor:
    """|grad D|^2 of each point, summed over its coordinates: [N, ...] -> [N]."""
    gradient, _ = input_gradient(lambda x: critique.critic(x).logit, points)
    return gradient.square().flatten(1).sum(1)
