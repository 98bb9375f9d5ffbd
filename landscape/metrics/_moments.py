"""Mean and covariance of features in float64, whatever their size."""

from typing import NamedTuple

import scipy.linalg
import torch
from torch import Tensor

from landscape.metrics._memo import shared
from landscape.metrics._products import blas_threads

ROWS = 4096
"""Rows converted to float64 at a time: 64 MiB at d = 2048."""


class Moments(NamedTuple):
    """mean [d], unbiased covariance [d, d], both float64, of `samples` samples."""

    mean: Tensor
    covariance: Tensor
    samples: int


@shared
def moments(features: Tensor) -> Moments:
    """Moments of `features` [N, d], N >= 2: two passes, the second over centered rows, so that a large mean costs no digits."""
    count = len(features)
    mean = (
        sum((rows.sum(dim=0, dtype=torch.float64) for rows in torch.split(features, ROWS)), torch.zeros((), device=features.device)) / count
    )
    scatter = _scatter(features, mean)
    return Moments(mean, scatter / (count - 1), count)


def _scatter(features: Tensor, mean: Tensor) -> Tensor:
    """Sum of outer products of centered rows [d, d]."""
    width = features.shape[1]
    total = torch.zeros(width, width, dtype=torch.float64, device=features.device)
    if features.device.type != "cpu":
        for rows in torch.split(features, ROWS):
            centered = rows.double() - mean
            total.addmm_(centered.T, centered)
        return total
    triangle = total.numpy().T  # Fortran order over the same memory: BLAS adds in place
    with blas_threads():
        for rows in torch.split(features, ROWS):
            block = rows.double().sub_(mean).numpy()
            # a symmetric rank-k update is half the arithmetic of a product; it fills one triangle
            triangle = scipy.linalg.blas.dsyrk(1.0, block.T, beta=1.0, c=triangle, overwrite_c=True, lower=False)
    upper = torch.from_numpy(triangle).triu()
    return upper + upper.triu(1).T
