"""Spectral normalization."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from landscape.components.normalizations._base import NORMALIZATIONS, Normalization
from landscape.components.normalizations._reweighted import Reweighted, as_matrix, output_axis
from landscape.components.numerics.precision import full_precision
from landscape.core.registry import Positive, PositiveInt


class SpectralNorm(Reweighted):
    """Divides the weight W, as a matrix [out, in * kh * kw], by an estimate sigma = u' W v of its largest singular value.

    A forward in training mode improves u by power iteration and stores it; in evaluation mode the stored u is used as it is. The
    gradient passes through sigma with u and v held fixed. The bias is left alone. All of it in the weight's own precision.
    """

    u: Tensor

    def __init__(self, layer: nn.Module, iterations: int, epsilon: float) -> None:
        super().__init__(layer)
        self.axis = output_axis(layer)
        self.iterations = iterations
        self.epsilon = epsilon
        start = torch.randn(self.weight.shape[self.axis], device=self.weight.device, dtype=self.weight.dtype)
        self.register_buffer("u", start if start.is_meta else normalize(start, dim=0, eps=epsilon))

    def effective_weight(self) -> Tensor:
        with full_precision(self.weight.device):  # a power iteration in bf16 would be some 1 % off
            return self.weight / self.largest_singular_value(self.weight)

    def largest_singular_value(self, weight: Tensor) -> Tensor:
        """Estimate of the largest singular value of `weight` (0-dim); in training mode it steps the power iteration."""
        matrix = as_matrix(weight, self.axis)
        with torch.no_grad():
            u = self.u
            v = normalize(u @ matrix, dim=0, eps=self.epsilon)
            if self.training:
                u = normalize(matrix @ v, dim=0, eps=self.epsilon)
                for _ in range(self.iterations - 1):
                    v = normalize(u @ matrix, dim=0, eps=self.epsilon)
                    u = normalize(matrix @ v, dim=0, eps=self.epsilon)
                # The graph keeps these new u and v, never the buffer: D may be called again before an earlier call's backward.
                self.u.copy_(u)
        return torch.dot(u, matrix @ v)


@NORMALIZATIONS.register(wraps=True, paper="Miyato et al. 2018, arXiv:1802.05957, algorithm 1")
def spectral(*, iterations: PositiveInt = 1, epsilon: Positive = 1e-12) -> Normalization:
    """Every kernel divided by its largest singular value, estimated by power iteration (one per training forward) from a stored u.

    As in compare_gan each of D's forwards in a step iterates once more. Two differences: evaluation does not iterate, and the kernel
    of a transposed convolution is flattened with its output channels as rows (compare_gan there takes the input channels).

    Args:
        iterations: power iterations per training forward.
        epsilon: lower bound of the norms by which u and v are divided.
    """
    return Normalization(wrap=lambda layer: SpectralNorm(layer, iterations, epsilon))
