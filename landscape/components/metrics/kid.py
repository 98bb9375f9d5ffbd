"""The kernel inception distance (KID): the unbiased squared MMD between features."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from annotated_types import Ge
from scipy.special import stdtrit
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._clouds import Cloud, Precision, cloud
from landscape.components.metrics._intervals import normal
from landscape.components.metrics._mmd import Components, Kernel, components, pair_sums, polynomial, rbf, squared_mmd
from landscape.components.metrics._samples import feature_pair, named
from landscape.core.errors import UserError
from landscape.core.registry import Positive, PositiveInt
from landscape.results.record import Estimate

Draws = Sequence[tuple[np.ndarray, np.ndarray]]
"""For each subset the indices into the generated set and the indices into the real set."""


class MMD(NamedTuple):
    """The unbiased squared MMD."""

    values: np.ndarray
    """Its value [S] for each subset."""
    variance: float
    """The sampling variance of one estimate from all samples."""


def draw_subsets(n_fake: int, n_real: int, size: int, subsets: int, seed: int) -> Draws:
    """Draw random subsets without repetition, those of torch-fidelity with `rng_seed=seed` and the generated set as its input 1."""
    random = np.random.RandomState(seed)
    return [(random.choice(n_fake, size, replace=False), random.choice(n_real, size, replace=False)) for _ in range(subsets)]


def draw_blocks(n_fake: int, n_real: int, size: int, seed: int) -> Draws:
    """Draw disjoint blocks of about `size` that use every sample once (Gretton et al. 2012, section 6), in random order."""
    random = np.random.RandomState(seed)
    blocks = math.ceil(max(n_fake, n_real) / size)
    return list(zip(*(np.array_split(random.permutation(n), blocks) for n in (n_fake, n_real)), strict=True))


def subset_mmd(real: Cloud, fake: Cloud, draws: Draws, kernel: Kernel) -> MMD:
    """Return the squared MMD of each subset. If all subsets together have more pairs than the sets, one pass over all pairs is made."""
    n, m = len(real.norms), len(fake.norms)
    own = sum(len(i) ** 2 + len(j) ** 2 + 2 * len(i) * len(j) for i, j in draws)
    if own >= n * n + m * m + 2 * n * m:
        return _from_all_pairs(real, fake, draws, kernel)
    values, parts = [], []
    for i, j in draws:
        xs, ys = (each.part(torch.from_numpy(index).to(each.norms.device)) for each, index in ((real, j), (fake, i)))
        sums = pair_sums(xs, xs, kernel), pair_sums(ys, ys, kernel), pair_sums(xs, ys, kernel)
        values.append(squared_mmd(*sums))
        parts.append(components(*sums))
    return MMD(np.array(values), Components(*np.mean(parts, axis=0)).variance(n, m))


def full_mmd(real: Cloud, fake: Cloud, kernel: Kernel) -> MMD:
    """Return the squared MMD over all pairs of all samples."""
    sums = [pair_sums(first, second, kernel, keep=True) for first, second in ((real, real), (fake, fake), (real, fake))]
    variance = components(*sums).variance(len(real.norms), len(fake.norms))
    return MMD(np.array([squared_mmd(*sums)]), variance)


def _from_all_pairs(real: Cloud, fake: Cloud, draws: Draws, kernel: Kernel) -> MMD:
    in_fake, in_real = (_membership([draw[side] for draw in draws], each) for side, each in enumerate((fake, real)))
    xx = pair_sums(real, real, kernel, (in_real, in_real), keep=True)
    yy = pair_sums(fake, fake, kernel, (in_fake, in_fake), keep=True)
    xy = pair_sums(real, fake, kernel, (in_real, in_fake), keep=True)
    n, m = in_real.sum(dim=0).double(), in_fake.sum(dim=0).double()
    values = xx.subsets / (n * (n - 1)) + yy.subsets / (m * (m - 1)) - 2 * xy.subsets / (n * m)
    return MMD(values.cpu().numpy(), components(xx, yy, xy).variance(len(real.norms), len(fake.norms)))


def _membership(indices: Sequence[np.ndarray], each: Cloud) -> Tensor:
    members = each.norms.new_zeros(len(each.norms), len(indices))
    for subset, index in enumerate(indices):
        members[torch.from_numpy(index).to(members.device), subset] = 1
    return members


def median_distance(real: Cloud, fake: Cloud, limit: int = 1000) -> float:
    """Return the median distance between samples of both sets pooled (the first `limit` of each), which is the usual RBF bandwidth."""
    pooled = torch.cat([real.samples[:limit], fake.samples[:limit]])
    return float(torch.nn.functional.pdist(pooled).median())


def _kernel(name: str, real: Cloud, fake: Cloud, degree: int, coef0: float, sigma: float | None) -> tuple[Kernel, str]:
    if name == "polynomial":
        gamma = 1 / real.samples.shape[1]
        return polynomial(degree, gamma, coef0), f"kernel (x.y / d + {coef0:g})^{degree}"
    width = median_distance(real, fake) if sigma is None else sigma
    if width == 0:
        raise UserError("kid: the median distance of the samples is 0 (most are identical): give the RBF kernel a sigma of its own")
    return rbf(width), f"kernel exp(-|x - y|^2 / (2 * {width:.4g}^2)){' (median distance)' if sigma is None else ''}"


@METRICS.register(needs=frozenset({"features"}), names=("KID[{extractor}]",), paper="Binkowski et al. 2018, arXiv:1801.01401")
def kid(
    evidence: Evidence,
    *,
    estimator: Literal["subsets", "blocks", "full"] = "subsets",
    subsets: PositiveInt = 100,
    subset_size: Annotated[int, Ge(2)] | None = None,
    kernel: Literal["polynomial", "rbf"] = "polynomial",
    degree: PositiveInt = 3,
    coef0: float = 1.0,
    sigma: Positive | None = None,
    precision: Precision = "float32",
) -> dict[str, Estimate]:
    """Unbiased squared MMD of real and generated features. If the sets agree, slightly negative values are normal.

    Args:
        evidence: Features [N, d] of both sets.
        estimator: The mean over random `subsets` (torch-fidelity) or over disjoint `blocks` (compare_gan, TF-GAN), or all pairs (`full`).
        subsets: The number of random subsets.
        subset_size: The number of samples of each set in a subset or block. None stands for 1000 (blocks: 1024), or all of a smaller set.
        kernel: `polynomial`, (x.y / d + coef0)^degree, or `rbf`, a Gaussian of width sigma.
        degree: The degree of the polynomial.
        coef0: The constant of the polynomial.
        sigma: The width of the RBF kernel. None stands for the median distance.
        precision: The precision of the kernel values. Sums are in float64 in either case.

    Raises:
        UserError: There are fewer samples than `subset_size`, a set holds NaN, or features do not compare.
    """
    real_features, fake_features = feature_pair(evidence, "kid")
    n_fake, n_real = len(fake_features), len(real_features)
    size = _size(subset_size, 1024 if estimator == "blocks" else 1000, min(n_fake, n_real))
    # Both are centered on the real mean, as for the searches for neighbors, so that products can be shared.
    real, fake = (cloud(each, real_features, precision) for each in (real_features, fake_features))
    if fake is real:  # If both sets are the same tensor, pairs across the sets still include a sample with itself.
        fake = Cloud(*real)
    function, note = _kernel(kernel, real, fake, degree, coef0, sigma)
    if estimator == "full" or (estimator == "subsets" and size == n_fake == n_real):
        found, how = full_mmd(real, fake, function), "all pairs"
    elif estimator == "blocks":
        found = subset_mmd(real, fake, draw_blocks(n_fake, n_real, size, evidence.seed), function)
        how = f"{len(found.values)} disjoint blocks of about {size}"
    else:
        found = subset_mmd(real, fake, draw_subsets(n_fake, n_real, size, subsets, evidence.seed), function)
        how = f"{subsets} random subsets of {size}"
    value, spread = float(np.mean(found.values)), float(np.std(found.values))
    interval, kind = _interval(value, found, estimator)
    note = f"unbiased; {note}; {how}"
    if len(found.values) > 1:
        note += f"; standard deviation over them {spread:.3g}"
    return {named("KID", evidence): Estimate(value, "lower", interval, interval_kind=kind, n_real=n_real, n_fake=n_fake, note=note)}


def _size(asked: int | None, usual: int, available: int) -> int:
    if asked is not None and asked > available:
        raise UserError(f"kid: subset_size={asked} is more than the {available} samples of the smaller set: lower it or score more samples")
    return min(usual, available) if asked is None else asked


def _interval(value: float, found: MMD, estimator: str) -> tuple[tuple[float, float] | None, str]:
    count = len(found.values)
    if estimator == "blocks":
        if count < 5:
            return None, ""
        half = float(stdtrit(count - 1, 0.975) * np.std(found.values, ddof=1) / math.sqrt(count))
        return (value - half, value + half), "Student's t over disjoint blocks"
    drawing = float(np.var(found.values, ddof=1)) / count if count > 1 else 0.0
    return normal(value, math.sqrt(found.variance + drawing)), "analytic standard error over samples and subsets"
