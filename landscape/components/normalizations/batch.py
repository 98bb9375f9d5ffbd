"""Batch normalization."""

from torch import Tensor, nn
from torch.nn.functional import batch_norm

from landscape.components.normalizations._base import NORMALIZATIONS, Norm, Normalization
from landscape.core.registry import Fraction, Positive


def normalized(norm: nn.BatchNorm1d | nn.BatchNorm2d, x: Tensor) -> Tensor:
    """Apply `norm` to x [N, C, ...] without counting the batches, because counting costs one operation per layer.

    The count is only read where all batches have equal weight in the average, which `momentum` None means. Recalibration sets it.
    """
    if norm.momentum is None:
        counted: Tensor = norm(x)
        return counted
    return batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, norm.training, norm.momentum, norm.eps)


class BatchNorm(Norm):
    """Batch normalization over all but the channel axis, of feature maps [N, C, H, W] or vectors [N, C]."""

    def __init__(self, channels: int, spatial: tuple[int, ...], momentum: float, epsilon: float, learned_gain: bool = True) -> None:
        super().__init__()
        kind = nn.BatchNorm2d if spatial else nn.BatchNorm1d
        self.norm = kind(channels, eps=epsilon, momentum=momentum)
        if not learned_gain:
            self.norm.weight.requires_grad_(False)

    def forward(self, x: Tensor, z: Tensor | None = None) -> Tensor:
        return normalized(self.norm, x)


@NORMALIZATIONS.register(follows=True, couples_samples=True, paper="Ioffe & Szegedy 2015, arXiv:1502.03167")
def batch(*, momentum: Fraction = 0.1, epsilon: Positive = 1e-5, learned_gain: bool = True) -> Normalization:
    """Batch norm with scale and shift, which uses moving averages in evaluation. A `momentum` of 0.1 is the decay of 0.9 of the originals.

    As in torch, the averages take the unbiased variance, with n - 1. TensorFlow's unfused batch norm, which the originals use after flat
    layers, takes the biased variance (63/64 of ours at batch size 64).

    Args:
        momentum: The share of a batch's statistics in the moving averages.
        epsilon: A number that is added to the variance.
        learned_gain: Whether the scale is learned. Otherwise it stays 1, as in SNGAN's comparison.
    """
    return Normalization(follow=lambda channels, spatial: BatchNorm(channels, spatial, momentum, epsilon, learned_gain))
