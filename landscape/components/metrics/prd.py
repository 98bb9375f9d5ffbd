"""Precision and recall for distributions (PRD): the curve and its F scores."""

import math
import warnings
from typing import Annotated

import numpy as np
from annotated_types import Ge
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._intervals import normal_if_varied
from landscape.components.metrics._samples import feature_pair, named
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate

BETA = 8.0
RESAMPLES = 200
"""The number of times that counts are drawn again for a standard error."""
LEAST_RUNS = 5
"""With fewer clusterings their spread is not known well enough for an interval. A 95 % interval from one covers 82 %, from five 95 %."""


def prd_curve(fake: np.ndarray, real: np.ndarray, angles: int = 1001) -> tuple[np.ndarray, np.ndarray]:
    """Return precision and recall, each [..., angles], of two histograms [..., k] that sum to 1. Sajjadi et al. 2018, equations 9 and 10.

    At slope l, precision is sum_i min(l real_i, fake_i) and recall is precision / l. The slopes are the tangents of `angles` angles, evenly
    spaced between 0 and pi / 2.
    """
    slopes = np.tan(np.linspace(1e-10, np.pi / 2 - 1e-10, angles))
    precision = np.minimum(slopes[:, None] * real[..., None, :], fake[..., None, :]).sum(axis=-1)
    return np.clip(precision, 0, 1), np.clip(precision / slopes, 0, 1)


def best_f(precision: np.ndarray, recall: np.ndarray, beta: float) -> np.ndarray:
    """Return the largest F_beta along a curve. Recall has more weight if beta is above 1."""
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
    best: np.ndarray = np.nan_to_num(score).max(axis=-1)  # Where both are 0 the quotient is 0 / 0.
    return best


def cluster_histograms(fake: Tensor, real: Tensor, clusters: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts [clusters] of generated and of real samples in the clusters of both sets pooled.

    The clusters are those of mini-batch k-means with 10 starts in float64, as in compare_gan (`prd_score.py`).
    """
    from sklearn.cluster import MiniBatchKMeans

    pooled = np.concatenate([fake.double().cpu().numpy(), real.double().cpu().numpy()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It warns of fewer distinct points than clusters, but empty clusters do no harm here.
        assigned = MiniBatchKMeans(n_clusters=clusters, n_init=10, random_state=seed).fit(pooled).labels_
    return np.bincount(assigned[: len(fake)], minlength=clusters), np.bincount(assigned[len(fake) :], minlength=clusters)


def _sampling_errors(fake: np.ndarray, real: np.ndarray, random: np.random.Generator) -> tuple[float, float]:
    """Return the standard errors of F_8 and F_1/8 of two vectors of counts [k], by drawing both vectors again."""
    counts = [random.multinomial(each.sum(), each / each.sum(), size=RESAMPLES) / each.sum() for each in (fake, real)]
    curves = prd_curve(counts[0], counts[1], 201)  # Fewer angles change the maximum by less than a thousandth.
    return float(best_f(*curves, BETA).std()), float(best_f(*curves, 1 / BETA).std())


@METRICS.register(
    needs=frozenset({"features"}),
    names=("PRD_F8[{extractor}]", "PRD_F1/8[{extractor}]"),
    direction="higher",
    revision=2,  # In revision 2 clusters are found in float64.
    paper="Sajjadi et al. 2018, arXiv:1806.00035",
)
def prd(
    evidence: Evidence, *, clusters: Annotated[int, Ge(2)] = 20, angles: Annotated[int, Ge(3)] = 1001, runs: PositiveInt = 10
) -> dict[str, Estimate]:
    """Largest F_8 (recall) and F_1/8 (precision) of the PRD curve, averaged over clusterings. The curve has points (recall, precision).

    Args:
        evidence: Features [N, d] of both sets. The larger set is cut to the size of the smaller one, because clusters need equal sizes.
        clusters: The number of clusters of both sets pooled.
        angles: The number of points of the curve.
        runs: The number of clusterings that are averaged over.

    Raises:
        UserError: There are fewer samples than clusters, a set holds NaN, or features do not compare.
    """
    real, fake = feature_pair(evidence, "prd", minimum=clusters)
    size = min(len(real), len(fake))
    counts = [cluster_histograms(fake[:size], real[:size], clusters, evidence.seed + run) for run in range(runs)]
    curves = [prd_curve(one / size, two / size, angles) for one, two in counts]
    precision, recall = np.mean([curve[0] for curve in curves], axis=0), np.mean([curve[1] for curve in curves], axis=0)
    random = np.random.default_rng(evidence.seed)
    sampling = np.mean([_sampling_errors(one, two, random) for one, two in counts], axis=0)
    found = {}
    for (name, beta), error in zip((("PRD_F8", BETA), ("PRD_F1/8", 1 / BETA)), sampling, strict=True):
        value = float(best_f(precision, recall, beta))
        each = [float(best_f(*curve, beta)) for curve in curves]
        known = runs >= LEAST_RUNS
        total = math.hypot(float(error), float(np.std(each)) / math.sqrt(runs))
        found[named(name, evidence)] = Estimate(
            value,
            "higher",
            normal_if_varied(value, total, (0.0, 1.0)) if known else None,
            interval_kind="bootstrap over samples given the clusters, and spread over clusterings" if known else "",
            spread=float(np.std(each)),
            bounds=(0.0, 1.0),
            n_real=size,
            n_fake=size,
            curve=tuple(zip(recall.tolist(), precision.tolist(), strict=True)),
            note=f"{clusters} clusters, {runs} clusterings; biased downwards at N = {size}",
        )
    return found
