"""The expected Frechet distance of two finite samples of one distribution."""

import torch
from torch import Tensor

from landscape.components.metrics._memo import shared
from landscape.components.metrics._moments import Moments
from landscape.components.metrics._products import eigenvectors

ENOUGH = 8192
"""The number of evenly spaced samples from which the fourth moments are estimated."""


def expected_between_equals(real: Tensor, found: Moments, other: int, labels: Tensor | None = None) -> float:
    """Return the expected distance between `real` and an independent sample of the same distribution, to second order in 1/N.

    With the covariance S of eigenvalues s_i and the coordinates z_i of a sample along its eigenvectors, one sample x of a set of N moves
    mean and covariance by terms of variance 1/N. The distance is then, in expectation, the sum over both sets of
    1/N times (tr(S) + 1/2 sum over i, j of var(z_i z_j) / (s_i + s_j)). For Gaussian features var(z_i z_j) is s_i s_j (1 + [i = j]).
    Here it is measured, because features of networks are far from Gaussian.

    Args:
        real: The features [N, d] of the real set.
        found: Their moments. The covariance must have full rank.
        other: The number of samples in the other set.
        labels: The labels [N] of the real set if it is a stratified split, which holds the same share of each label as the distribution.
            Its mean and covariance then vary only by what varies within labels. None if the set was drawn freely.
    """
    free = _variability(real, found.covariance)
    own = free if labels is None else _variability(real, found.covariance, labels)
    return own / found.samples + free / other


@shared
def _variability(real: Tensor, covariance: Tensor, labels: Tensor | None = None) -> float:
    """Return tr(S) + 1/2 sum var(z_i z_j) / (s_i + s_j), where var and S are taken within labels if there are any."""
    values, vectors = eigenvectors(covariance)
    real = real[torch.arange(min(len(real), ENOUGH), device=real.device) * len(real) // min(len(real), ENOUGH)]
    centered = (real.double() - real.mean(dim=0, dtype=torch.float64)) @ vectors  # [n, d]
    if labels is None:
        groups = [centered]
    else:
        picked = labels[torch.arange(len(centered), device=labels.device) * len(labels) // len(centered)].to(real.device)
        groups = [centered[picked == label] for label in picked.unique()]  # type: ignore[no-untyped-call]
    products = sum((_spread_of_products(group) * len(group) for group in groups), torch.zeros_like(covariance)) / len(centered)
    trace = sum(float(group.var(dim=0, correction=len(group) > 1).sum()) * len(group) for group in groups) / len(centered)
    return float(trace + 0.5 * (products / (values[:, None] + values)).sum())


def _spread_of_products(group: Tensor) -> Tensor:
    """Return the variance [d, d] over samples of the products z_i z_j of a group [n, d]."""
    squares = group.square()
    mean = group.T @ group / len(group)
    unbiased = len(group) / (len(group) - 1) if len(group) > 1 else 1.0
    return (squares.T @ squares / len(group) - mean.square()) * unbiased
