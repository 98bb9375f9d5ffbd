"""Maximum mean discrepancy of generative matching networks."""

from typing import Annotated, Literal

import torch
from annotated_types import Len
from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair
from landscape.components.numerics.precision import at_least_float32, full_precision
from landscape.core.errors import UserError
from landscape.core.registry import Positive

EXPONENTS = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Mixture of the rational quadratic kernel, Binkowski et al. 2018, arXiv:1801.01401."""


def squared_distances(points: Tensor) -> Tensor:
    """[N, F] -> [N, N] squared Euclidean distances, in float32 or better."""
    points = points - points.detach().mean(0)  # keeps the products small, where a distance is their difference
    with full_precision(points.device):
        products = points @ points.T
    norms = products.diagonal()
    return (norms[:, None] + norms[None, :] - 2 * products).clamp(min=0)


def kernel_values(squared: Tensor, kernel: str, bandwidths: tuple[float, ...]) -> Tensor:
    """Sum over bandwidths of k(squared distance), elementwise."""
    total = torch.zeros_like(squared)
    for bandwidth in bandwidths:
        scaled = squared / (2 * bandwidth**2)
        if kernel == "rbf":
            total = total + torch.exp(-scaled)
        else:
            total = total + sum(torch.pow(1 + scaled / exponent, -exponent) for exponent in EXPONENTS)
    return total


def off_diagonal(matrix: Tensor) -> Tensor:
    """[N, N] -> [N - 1, N]: all but the diagonal, by strides (a mask would wait for the device)."""
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
    """Unbiased estimate of MMD^2 between the real and the generated batch, which G minimizes; there is no discriminator.

    mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j), in the space of the samples, with k a sum of
    kernels. It may fall below 0. (Li et al. minimize the root of the biased estimate; of the unbiased one there is none.)

    Args:
        real [N, ...], fake [M, ...]: samples; the papers take batches of 500 to 1000.
        kernel: `rbf` exp(-d^2 / 2 b^2); `rational_quadratic` sum over a in {0.2, 0.5, 1, 2, 5} of (1 + d^2 / (2 a b^2))^-a.
        bandwidths: the b of the kernels that are summed.
        unit: of the bandwidths: the median distance within the pooled batch (held fixed when differentiating), or `absolute`.

    Raises:
        UserError: a batch of one sample.
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
