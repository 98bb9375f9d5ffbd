"""The zero-centered gradient penalty that R1, R2 and their sum share."""

from torch import Tensor

from landscape.components.numerics.half_cosine import half_cosine
from landscape.components.numerics.input_gradients import input_gradient
from landscape.components.regularizers._base import Critique


def annealed(gamma: float, final: float | None, end: float, progress: Tensor) -> float | Tensor:
    """Return gamma at the present progress (0-dim).

    If `final` is given, gamma moves to it along half a cosine and reaches it at the share `end` of the budget.
    """
    if final is None:
        return gamma
    return gamma + (final - gamma) * half_cosine((progress / end).clamp(max=1))


def squared_slope(critique: Critique, points: Tensor) -> Tensor:
    """Return |grad D|^2 at each point, summed over its coordinates: [N, ...] -> [N]."""
    gradient, _ = input_gradient(lambda x: critique.critic(x).logit, points)
    return gradient.square().flatten(1).sum(1)
