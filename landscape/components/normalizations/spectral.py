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

    A forward pass in training mode improves u by power iteration and stores it. In evaluation mode the stored u is used unchanged. The
    gradient passes through sigma with u and v held fixed. The bias is not changed. Everything is computed in the weight's own precision.
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
        with full_precision(self.weight.device):  # A power iteration in bf16 would be off by about 1 %.
            return self.weight / self.largest_singular_value(self.weight)

    def largest_singular_value(self, weight: Tensor) -> Tensor:
        """Return an estimate (0-dim) of the largest singular value of `weight`. In training mode this runs the power iteration."""
        matrix = as_matrix(weight, self.axis)
        with torch.no_grad():
            u = self.u
            v = normalize(u @ matrix, dim=0, eps=self.epsilon)
            if self.training:
                u = normalize(matrix @ v, dim=0, eps=self.epsilon)
                for _ in range(self.iterations - 1):
                    v = normalize(u @ matrix, dim=0, eps=self.epsilon)
                    u = normalize(matrix @ v, dim=0, eps=self.epsilon)
                # The graph holds these new tensors and not the buffer, because D may be called again before the backward pass.
                self.u.copy_(u)
        return torch.dot(u, matrix @ v)


@NORMALIZATIONS.register(wraps=True, paper="Miyato et al. 2018, arXiv:1802.05957, algorithm 1")
def spectral(*, iterations: PositiveInt = 1, epsilon: Positive = 1e-12) -> Normalization:
    """Divides every kernel by an estimate of its largest singular value, which one power iteration per training forward pass improves.

    As in compare_gan, each of D's forward passes in a step iterates once more. There are two differences: evaluation does not iterate,
    and the kernel of a transposed convolution is flattened with its output channels as rows (compare_gan takes the input channels).

    Args:
        iterations: The number of power iterations per training forward pass.
        epsilon: The lower bound of the norms by which u and v are divided.
    """
    return Normalization(wrap=lambda layer: SpectralNorm(layer, iterations, epsilon))
