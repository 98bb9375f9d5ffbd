"""The zero-centered gradient penalty that R1, R2 and their sum share."""

from torch import Tensor

from landscape.gradients import input_gradient
from landscape.regularizers._base import Critique


def squared_slope(critique: Critique, points: Tensor) -> Tensor:
    """|grad D|^2 of each point, summed over its coordinates: [N, ...] -> [N]."""
    gradient, _ = input_gradient(lambda x: critique.critic(x).logit, points)
    return gradient.square().flatten(1).sum(1)
