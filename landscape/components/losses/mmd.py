"""The maximum mean discrepancy of generative moment matching networks."""

from typing import Annotated, Literal

import torch
from annotated_types import Len
from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair
from landscape.components.numerics.precision import at_least_float32, full_precision
from landscape.core.errors import UserError
from landscape.core.registry import Positive

EXPONENTS = (0.2, 0.5, 1.0, 2.0, 5.0)
"""The exponents that the rational quadratic kernel sums over; Binkowski et al. 2018, arXiv:1801.01401."""


def squared_distances(points: Tensor) -> Tensor:
    """Return the squared Euclidean distances [N, N] of points [N, F], in float32 or better."""
    points = points - points.detach().mean(0)  # A squared distance is a difference of products, and centering keeps these products small.
    with full_precision(points.device):
        products = points @ points.T
    norms = products.diagonal()
    return (norms[:, None] + norms[None, :] - 2 * products).clamp(min=0)


def kernel_values(squared: Tensor, kernel: str, bandwidths: tuple[float, ...]) -> Tensor:
    """Return the sum over the bandwidths of k(squared distance), element by element."""
    total = torch.zeros_like(squared)
    for bandwidth in bandwidths:
        scaled = squared / (2 * bandwidth**2)
        if kernel == "rbf":
            total = total + torch.exp(-scaled)
        else:
            total = total + sum(torch.pow(1 + scaled / exponent, -exponent) for exponent in EXPONENTS)
    return total


def off_diagonal(matrix: Tensor) -> Tensor:
    """Return all but the diagonal: [N, N] -> [N - 1, N]. It uses strides, because a mask would wait for the device."""
    size = len(matrix)
    return matrix.reshape(-1)[:-1].view(size - 1, size + 1)[:, 1:]


@LOSSES.register(
    inputs="samples",
    least_batch=2,
    paper="Gretton et al. 2012, JMLR 13, eq. 3; Li et al. 2015, arXiv:1502.02761; Dziugaite et al. 2015, arXiv:1505.03906",
)
def mmd(
    real: Tensor,
    fake: Tensor,
    *,
    kernel: Literal["rbf", "rational_quadratic"] = "rbf",
    bandwidths: Annotated[tuple[Positive, ...], Len(1)] = (0.25, 0.5, 1.0, 2.0, 4.0),
    unit: Literal["median", "absolute"] = "median",
) -> LossPair:
    """Unbiased estimate of MMD^2 between the real and the generated batch, which G minimizes. There is no discriminator.

    The estimate is mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j), in the space of the samples, where k
    is a sum of kernels. It may be negative. (Li et al. minimize the square root of the biased estimate; the unbiased one has no root.)

    Args:
        real [N, ...], fake [M, ...]: Samples. The papers use batches of 500 to 1000.
        kernel: `rbf` is exp(-d^2 / (2 b^2)). `rational_quadratic` is the sum over a in {0.2, 0.5, 1, 2, 5} of (1 + d^2 / (2 a b^2))^-a.
        bandwidths: The values of b whose kernels are summed.
        unit: The unit of the bandwidths: `median`, the median distance within the pooled batch (treated as constant in gradients), or
            `absolute`.

    Raises:
        UserError: A batch has only one sample.
    """
    count = len(real)
    if count < 2 or len(fake) < 2:
        raise UserError(f"mmd needs batches of at least 2 samples, got {count} real and {len(fake)} generated: raise batch_size")
    pooled = torch.cat([real.flatten(1), fake.flatten(1)])
    squared = squared_distances(at_least_float32(pooled))
    if unit == "median":
        median = off_diagonal(squared.detach()).median()
        squared = squared / median.clamp(min=torch.finfo(squared.dtype).eps)
    values = kernel_values(squared, kernel, bandwidths)
    within_real, within_fake = off_diagonal(values[:count, :count]), off_diagonal(values[count:, count:])
    return LossPair(d=None, g=within_real.mean() + within_fake.mean() - 2 * values[:count, count:].mean())
