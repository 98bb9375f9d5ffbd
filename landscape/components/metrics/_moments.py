"""Mean and covariance of features in float64, whatever their size."""

from typing import NamedTuple

import scipy.linalg
import torch
from torch import Tensor

from landscape.components.metrics._memo import shared
from landscape.components.metrics._products import blas_threads

ROWS = 4096
"""Rows converted to float64 at a time: 64 MiB at d = 2048."""


class Moments(NamedTuple):
    """mean [d], unbiased covariance [d, d], both float64, of `samples` samples."""

    mean: Tensor
    covariance: Tensor
    samples: int


@shared
def moments(features: Tensor) -> Moments:
    """Moments of `features` [N, d], N >= 2, around a first guess of the mean, so that a large mean costs no digits."""
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
    """Add the outer products of the rows of `block` [n, d] to `scatter` [d, d]; on a CPU to its lower triangle alone."""
    if block.device.type != "cpu":
        scatter.addmm_(block.T, block)
        return
    with blas_threads():
        # A symmetric rank-k update is half the arithmetic of a product. In Fortran order, over the same memory, lower is upper.
        scipy.linalg.blas.dsyrk(1.0, block.numpy().T, beta=1.0, c=scatter.numpy().T, overwrite_c=True, lower=False)
