"""The mean and the covariance of features in float64, for any number of samples."""

from typing import NamedTuple

import scipy.linalg
import torch
from torch import Tensor

from landscape.components.metrics._memo import shared
from landscape.components.metrics._products import blas_threads

ROWS = 4096
"""The number of rows that are converted to float64 at a time, which take 64 MiB at d = 2048."""


class Moments(NamedTuple):
    """The mean [d] and the unbiased covariance [d, d] of `samples` samples, both in float64."""

    mean: Tensor
    covariance: Tensor
    samples: int


@shared
def moments(features: Tensor) -> Moments:
    """Return the moments of `features` [N, d], N >= 2. Sums around a guess of the mean keep all digits."""
    count, width = features.shape
    guess = features[:ROWS].mean(dim=0, dtype=torch.float64)
    total = torch.zeros(width, dtype=torch.float64, device=features.device)
    scatter = torch.zeros(width, width, dtype=torch.float64, device=features.device)
    room = scatter.new_empty(min(count, ROWS), width)
    for rows in torch.split(features, ROWS):
        block = torch.sub(rows, guess, out=room[: len(rows)])
        total += block.sum(dim=0)
        _add_products(scatter, block)
    if features.device.type == "cpu":
        scatter = scatter.tril_().add_(scatter.tril(-1).T)
    shift = total / count
    scatter.addr_(shift, shift, alpha=-count)
    return Moments(guess + shift, scatter.div_(count - 1), count)


def _add_products(scatter: Tensor, block: Tensor) -> None:
    """Add the outer products of the rows of `block` [n, d] to `scatter` [d, d]. On a CPU only the lower triangle is added to."""
    if block.device.type != "cpu":
        scatter.addmm_(block.T, block)
        return
    with blas_threads():
        # A symmetric rank-k update takes half the arithmetic of a product. In SciPy's Fortran order lower means upper.
        scipy.linalg.blas.dsyrk(1.0, block.numpy().T, beta=1.0, c=scatter.numpy().T, overwrite_c=True, lower=False)
