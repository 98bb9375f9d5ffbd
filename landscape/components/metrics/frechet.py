"""The Frechet distance between Gaussians that are fitted to features, called FID or FD[extractor]."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._frechet_bias import expected_between_equals
from landscape.components.metrics._intervals import log_student
from landscape.components.metrics._memo import shared
from landscape.components.metrics._moments import Moments, moments
from landscape.components.metrics._products import congruence, eigenvalues, eigenvectors, product
from landscape.components.metrics._samples import feature_pair
from landscape.results.record import Estimate

ENOUGH = 8192
"""The number of evenly spaced samples from which the variance of an influence is estimated. More would change the standard error by a few
percent.
"""

DISTANCES = ("FD[{extractor}]", "FD_mean[{extractor}]", "FD_covariance[{extractor}]", "FID", "FID_mean", "FID_covariance")
LEAST_FREEDOM = 6.0
"""With fewer effective degrees of freedom there is no interval, because a few samples of heavy tails would decide its width. The simulated
coverage is .91 to .97 from 6 degrees upwards (lognormal features at N = 100 to 1,000 and t with 5 degrees), and as low as .86 below.
"""


class FrechetTerms(NamedTuple):
    """The two terms whose sum is the distance."""

    mean: float
    covariance: float
    roots: Tensor
    """The square roots [d] of the eigenvalues of the product of the covariances."""
    full_rank: bool
    """Whether one of the covariances has full rank."""

    @property
    def distance(self) -> float:
        return self.mean + self.covariance


class Transport(NamedTuple):
    """The parts of the optimal map between two Gaussians: L with L L' = S1, and the ascending eigenvalues and eigenvectors of L' S2 L."""

    lower: Tensor
    values: Tensor
    vectors: Tensor


def transport(one: Moments, two: Moments) -> Transport | None:
    """Return the parts of the optimal map, or None unless both covariances have full rank."""
    if min(one.samples, two.samples) <= len(one.mean):
        return None
    return _transport(one.covariance, two.covariance)


@shared
def _transport(first: Tensor, second: Tensor) -> Transport | None:
    lower, failed = torch.linalg.cholesky_ex(first)
    if int(failed) or int(torch.linalg.cholesky_ex(second).info):
        return None
    return Transport(lower, *eigenvectors(congruence(lower, second)))


def frechet_terms(one: Moments, two: Moments, known: Transport | None = None) -> FrechetTerms:
    """Return |m1 - m2|^2 and tr(S1 + S2 - 2 (S1 S2)^(1/2)). Dowson & Landau 1982; Heusel et al. 2017, arXiv:1706.08500, equation 6.

    With L L' = S1, the eigenvalues of S1 S2 are those of the symmetric L' S2 L. If no covariance has full rank, S1^(1/2) is used in place
    of L, and only as many eigenvalues are kept as the product has rank, because the square root of a rounding error is not small.

    Args:
        one: The mean and the covariance of one set.
        two: The mean and the covariance of the other set.
        known: The result of `transport` if the caller has it, which saves computing the eigenvalues.
    """
    difference = one.mean - two.mean
    values, full_rank = _product_eigenvalues(one, two) if known is None else (known.values, True)
    values = values.clamp(min=0)
    rank = min(one.samples - 1, two.samples - 1, len(values))
    roots = values[len(values) - rank :].sqrt()
    covariance = float(one.covariance.trace() + two.covariance.trace() - 2 * roots.sum())
    return FrechetTerms(float(difference @ difference), max(covariance, 0.0), roots, full_rank)


def _product_eigenvalues(one: Moments, two: Moments) -> tuple[Tensor, bool]:
    """Return the ascending eigenvalues of the product of the covariances, and whether one of them has full rank."""
    factor, other, full_rank = _factor(one, two)
    if full_rank:
        return eigenvalues(congruence(factor, other)), True
    inner = factor.T @ other @ factor
    return eigenvalues((inner + inner.T) / 2), False


def _factor(one: Moments, two: Moments) -> tuple[Tensor, Tensor, bool]:
    """Return a factor F of one covariance S with F F' = S, the other covariance, and whether F is a Cholesky factor."""
    for first, second in ((one, two), (two, one)):
        if first.samples > len(first.mean):
            factor, failed = torch.linalg.cholesky_ex(first.covariance)
            if int(failed) == 0:
                return factor, second.covariance, True
    values, vectors = eigenvectors(one.covariance)
    return vectors * values.clamp(min=0).sqrt(), two.covariance, False


def equal_floor(roots: Tensor, count_one: int, count_two: int) -> float:
    """Return the expected distance of two samples of one Gaussian whose covariance has eigenvalues `roots` [d], which is the bias.

    To second order in 1/N, the means give tr(S) (1/n1 + 1/n2), and the covariances half the sum over i, j of var(dS_ij) / (s_i + s_j).
    """
    spectrum = roots[roots > 0]
    if len(spectrum) == 0:
        return 0.0
    pairs = torch.outer(spectrum, spectrum).div_(spectrum[:, None] + spectrum)
    return float((spectrum.sum() + 0.5 * (pairs.sum() + pairs.diagonal().sum())) * (1 / count_one + 1 / count_two))


def frechet_standard_error(real: Tensor, fake: Tensor, one: Moments, two: Moments) -> tuple[float, float] | None:
    """Return the standard error of the distance over both samples by the delta method, and its degrees of freedom.

    A sample x of set one moves the distance by 2 (m1 - m2).(x - m1) + (x - m1)'(I - T)(x - m1) around its mean, where T is the optimal
    map from one Gaussian to the other. The variances of this over each set, divided by the set's size, add up. At equal distributions
    this first order vanishes, and what remains overstates the error.

    The variance of n values with kurtosis K itself has a relative variance of about (K - 1) / n, like one with 2 n / (K - 1) degrees of
    freedom. Those of both sets are combined by Satterthwaite's rule. Heavy tails leave few degrees of freedom.

    Returns:
        None unless both covariances have full rank.
    """
    found = transport(one, two)
    if found is None:
        return None
    lower, values, vectors = found
    # A collapsed set has no spread in some directions, whose eigenvalues are rounding errors and may be negative.
    values = values.clamp(min=float(values[-1]) * len(values) * torch.finfo(torch.float64).eps)
    if float(values[-1]) <= 0:
        return None
    # With L L' = S1 and L' S2 L = U V U': T = L'^-1 U V^(1/2) U' L^-1 takes S1 to S2, and its inverse takes S2 to S1.
    to_two = (torch.linalg.solve_triangular(lower.T, vectors, upper=True) * values**0.25).T
    to_one = (lower @ vectors * values**-0.25).T
    shift = one.mean - two.mean
    parts = [_influence(real, one.mean, shift, to_two), _influence(fake, two.mean, -shift, to_one)]
    variances = [variance / samples for (variance, _), samples in zip(parts, (one.samples, two.samples), strict=True)]
    total = sum(variances)
    spread = sum(variance**2 / freedom for variance, (_, freedom) in zip(variances, parts, strict=True))
    return math.sqrt(total), total**2 / spread if spread > 0 else math.inf


def _influence(features: Tensor, mean: Tensor, shift: Tensor, root: Tensor) -> tuple[float, float]:
    """Return the variance over samples of 2 shift.c + |c|^2 - |root c|^2 for centered c, and the degrees of freedom of that variance.

    A part of the samples in float32 is enough for an error.
    """
    root = root.float()
    some = min(len(features), ENOUGH)
    centered = (features[torch.arange(some, device=features.device) * len(features) // some] - mean).float()
    values = centered @ (2 * shift.float()) + torch.linalg.vecdot(centered, centered)
    mapped = product(centered, root)
    moved = (values - torch.linalg.vecdot(mapped, mapped)).double()
    squares = (moved - moved.mean()).square()
    kurtosis = float(squares.square().mean() / squares.mean().square().clamp(min=torch.finfo(torch.float64).tiny))
    return float(moved.var()), 2 * some / max(kurtosis - 1, 1.0)


@METRICS.register(
    needs=frozenset({"features"}),
    names=DISTANCES,
    log_scale=DISTANCES,
    paper="Heusel et al. 2017, arXiv:1706.08500",
)
def frechet(evidence: Evidence, *, interval: bool = True) -> dict[str, Estimate]:
    """Frechet distance of real and generated features, and its mean and covariance terms.

    It is called FID only if the features are those of the 2015 Inception network. The value is that of the plug-in estimator at these
    sample sizes, which is biased upwards. The note gives the value that two samples of the real distribution would have in expectation, to
    second order (with `interval=False`, two samples of a Gaussian distribution).

    Args:
        evidence: Features [N, d] of both sets.
        interval: Whether to add a 95% interval for the expectation at these sizes, which doubles the time at d = 2048. It is computed for
            the logarithm by the delta method with Student's t. Heavy tails lower its degrees of freedom, and below 6 it is left out.

    Raises:
        UserError: A set has fewer than two samples or NaN, or features do not compare.
    """
    real, fake = feature_pair(evidence, "frechet")
    one, two = moments(real), moments(fake)
    terms = frechet_terms(one, two, transport(one, two) if interval else None)
    error = frechet_standard_error(real, fake, one, two) if interval else None
    note = _note(evidence, terms, (real, one, two.samples), wants_interval=interval, error=error)

    def estimate(value: float, error: tuple[float, float] | None = None) -> Estimate:
        within = None
        if error is not None and error[1] >= LEAST_FREEDOM and min(value, error[0]) > 0:
            within = log_student(value, error[0] / value, error[1])
        kind = "" if within is None else "delta method over samples, in log, Student's t, at these sizes"
        return Estimate(value, "lower", within, interval_kind=kind, bounds=(0.0, None), n_real=one.samples, n_fake=two.samples, note=note)

    name, tail = ("FID", "") if evidence.is_fid else ("FD", f"[{evidence.extractor or 'features'}]")
    return {
        f"{name}{tail}": estimate(terms.distance, error),
        f"{name}_mean{tail}": estimate(terms.mean),
        f"{name}_covariance{tail}": estimate(terms.covariance),
    }


def _note(
    evidence: Evidence,
    terms: FrechetTerms,
    real: tuple[Tensor, Moments, int],
    *,
    wants_interval: bool,
    error: tuple[float, float] | None,
) -> str:
    """Say how the value is biased, and why there is no interval. `real` has the features, their moments and the other set's size."""
    features, one, other = real
    biased = f"biased upwards at N = {one.samples} and {other}"
    if not terms.full_rank or (wants_interval and error is None):
        return f"{biased}; rank-deficient covariance ({len(one.mean)} features): no interval, and not comparable with larger samples"
    if wants_interval:
        labels = evidence.real.labels if evidence.real_is_stratified else None
        equal, gaussian = expected_between_equals(features, one, other, labels), ""
    else:
        equal, gaussian = equal_floor(terms.roots, one.samples, other), " if they were Gaussian"
    note = f"{biased}: equal distributions would give about {equal:.4g}{gaussian}"
    if error is not None and error[1] < LEAST_FREEDOM:
        note += "; no interval: a few samples of heavy tails decide its width, score more samples"
    return note
