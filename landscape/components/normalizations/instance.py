"""Instance normalization."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import instance_norm

from landscape.components.normalizations._base import NORMALIZATIONS, Norm, Normalization
from landscape.core.errors import UserError
from landscape.core.registry import Positive


class InstanceNorm(Norm):
    """Normalizes each channel of each sample by its mean and variance over positions, and applies a scale and a shift per channel."""

    def __init__(self, channels: int, spatial: tuple[int, ...], epsilon: float) -> None:
        super().__init__()
        if math.prod(spatial) < 2:
            size = "x".join(map(str, spatial)) or "no"
            raise UserError(f"instance normalization needs maps of more than one position, got {size}: choose layer or batch there")
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.epsilon = epsilon

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        return instance_norm(x, weight=self.weight, bias=self.bias, eps=self.epsilon)


@NORMALIZATIONS.register(follows=True, paper="Ulyanov et al. 2016, arXiv:1607.08022")
def instance(*, epsilon: Positive = 1e-5) -> Normalization:
    """Instance norm with a scale and shift per channel. It is the same in training and evaluation, and undefined on flat vectors.

    Args:
        epsilon: A number that is added to the variance.
    """
    return Normalization(follow=lambda channels, spatial: InstanceNorm(channels, spatial, epsilon))
