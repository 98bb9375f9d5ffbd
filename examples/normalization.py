"""A plugin with a normalization that follows a layer: it divides activations by their root mean square over the channels."""

import torch
from torch import Tensor, nn

from landscape.components.normalizations import NORMALIZATIONS, Norm, Normalization
from landscape.core.registry import Positive


class RootMeanSquare(Norm):
    """Computes x / sqrt(mean over channels of x^2 + epsilon), times a learned gain per channel, for x of shape [N, C, *spatial]."""

    def __init__(self, channels: int, epsilon: float) -> None:
        super().__init__()
        self.gain, self.epsilon = nn.Parameter(torch.ones(channels)), epsilon

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        scale = (x.square().mean(1, keepdim=True) + self.epsilon).rsqrt()
        return x * scale * self.gain.view(-1, *[1] * (x.ndim - 2))


@NORMALIZATIONS.register(follows=True, paper="Zhang & Sennrich 2019, arXiv:1910.07467, here over channels")
def root_mean_square(*, epsilon: Positive = 1e-8) -> Normalization:
    """Root-mean-square norm over the channels of each position."""
    return Normalization(follow=lambda channels, spatial: RootMeanSquare(channels, epsilon))
