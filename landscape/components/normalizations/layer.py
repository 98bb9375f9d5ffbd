"""Layer normalization."""

import torch
from torch import Tensor, nn
from torch.nn.functional import group_norm

from landscape.components.normalizations._base import NORMALIZATIONS, Norm, Normalization
from landscape.core.registry import Positive


class LayerNorm(Norm):
    """Mean and variance of each sample over all its channels and positions together; a scale and a shift per channel."""

    def __init__(self, channels: int, epsilon: float, learned_gain: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels), requires_grad=learned_gain)
        self.bias = nn.Parameter(torch.zeros(channels))
        self.epsilon = epsilon

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        return group_norm(x, 1, self.weight, self.bias, self.epsilon)  # one group: all of [C, H, W], or [C] of a vector


@NORMALIZATIONS.register(follows=True, paper="Ba et al. 2016, arXiv:1607.06450; over H, W, C jointly as in compare_gan")
def layer(*, epsilon: Positive = 1e-5, learned_gain: bool = True) -> Normalization:
    """Layer norm with a scale and shift per channel (not per position). Samples do not influence each other.

    Args:
        epsilon: added to the variance. compare_gan inherits 1e-12, at which one constant input multiplies gradients by 1e6 (1e18
            in a gradient penalty's second derivative): a protocol that follows it says `epsilon: 1e-12`.
        learned_gain: False holds the scale at 1, as SNGAN's comparison does.
    """
    return Normalization(follow=lambda channels, spatial: LayerNorm(channels, epsilon, learned_gain))
