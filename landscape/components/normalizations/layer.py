"""Layer normalization."""

import torch
from torch import Tensor, nn
from torch.nn.functional import group_norm

from landscape.components.normalizations._base import NORMALIZATIONS, Norm, Normalization
from landscape.core.registry import Positive


class LayerNorm(Norm):
    """Normalizes each sample by its mean and variance over all channels and positions, and applies a scale and a shift per channel."""

    def __init__(self, channels: int, epsilon: float, learned_gain: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels), requires_grad=learned_gain)
        self.bias = nn.Parameter(torch.zeros(channels))
        self.epsilon = epsilon

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        return group_norm(x, 1, self.weight, self.bias, self.epsilon)  # The one group is all of [C, H, W], or [C] for a vector.


@NORMALIZATIONS.register(follows=True, paper="Ba et al. 2016, arXiv:1607.06450; over H, W, C jointly as in compare_gan")
def layer(*, epsilon: Positive = 1e-5, learned_gain: bool = True) -> Normalization:
    """Layer norm with a scale and shift per channel (not per position). Samples do not influence each other.

    Args:
        epsilon: A number that is added to the variance. compare_gan inherits 1e-12. With that value, one constant input multiplies
            gradients by 1e6 (and by 1e18 in the second derivative of a gradient penalty). Studies that follow it set `epsilon: 1e-12`.
        learned_gain: Whether the scale is learned. Otherwise it stays 1, as in SNGAN's comparison.
    """
    return Normalization(follow=lambda channels, spatial: LayerNorm(channels, epsilon, learned_gain))
