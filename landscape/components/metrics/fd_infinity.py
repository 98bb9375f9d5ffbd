"""The Frechet distance, extrapolated to infinitely many samples."""

import math
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from annotated_types import Ge
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._intervals import student
from landscape.components.metrics._moments import moments
from landscape.components.metrics._samples import feature_pair
from landscape.components.metrics.frechet import LEAST_FREEDOM, frechet_standard_error, frechet_terms
from landscape.core.errors import UserError
from landscape.results.record import Estimate


class Line(NamedTuple):
    """A least-squares line. `error` is the standard error of its intercept."""

    intercept: float
    slope: float
    error: float


def fit_line(x: np.ndarray, y: np.ndarray) -> Line:
    """Fit a least-squares line through three or more points (x, y)."""
    slope, intercept = np.polyfit(x, y, 1)
    rest = y - intercept - slope * x
    noise = float(rest @ rest) / (len(x) - 2)
    center = x - x.mean()
    return Line(float(intercept), float(slope), math.sqrt(noise * (1 / len(x) + x.mean() ** 2 / float(center @ center))))


def mean_distance(real: Tensor, fake: Tensor, share: float, vary: str, generator: torch.Generator) -> float:
    """Return the mean Frechet distance of disjoint random parts with `share` of the generated samples, or of both if `vary` is both."""
    parts = int(1 / share + 1e-9)
    fakes = _parts(fake, share, parts, generator)
    reals = _parts(real, share, parts, generator) if vary == "both" else [real] * parts
    return float(np.mean([frechet_terms(moments(one), moments(two)).distance for one, two in zip(reals, fakes, strict=True)]))


def _parts(features: Tensor, share: float, parts: int, generator: torch.Generator) -> list[Tensor]:
    if share == 1:
        return [features]
    size = round(share * len(features))
    order = torch.randperm(len(features), generator=generator).to(features.device)
    return [features[order[i * size : (i + 1) * size]] for i in range(parts)]


@METRICS.register(
    needs=frozenset({"features"}),
    names=("FD_infinity[{extractor}]", "FID_infinity"),
    paper="Chong & Forsyth 2020, arXiv:1911.07023",
)
def fd_infinity(
    evidence: Evidence, *, points: Annotated[int, Ge(3)] = 15, smallest: float | None = None, vary: Literal["both", "fake"] = "both"
) -> dict[str, Estimate]:
    """Intercept of the line through Frechet distances of growing sample sizes N against 1/N, in which the bias is linear.

    A point with less than half of the samples is the mean over as many disjoint parts as there are, so that each point uses nearly all
    samples. (The paper draws one part.)

    Args:
        evidence: Features [N, d] of both sets.
        points: The number of evenly spaced sample sizes, the largest of which is all samples.
        smallest: The smallest size as a share of all samples. None stands for a tenth, or more if a tenth has fewer than twice as many
            samples as there are features.
        vary: With `both`, both sets grow and the bias of both is removed. With `fake`, as in the paper, the real set stays whole and
            its bias remains.

    Raises:
        UserError: The smallest size has too few samples for a covariance of full rank, a set holds NaN, or features do not compare.
    """
    real, fake = feature_pair(evidence, "fd_infinity")
    least = len(fake) if vary == "fake" else min(len(real), len(fake))
    width = real.shape[1]
    share = min(max(0.1, 2 * (width + 1) / least), 0.5) if smallest is None else smallest
    if not 0 < share < 1 or share * least <= width + 1:
        raise UserError(
            f"fd_infinity: {share:.3g} of {least} samples do not exceed the {width} features (rank-deficient covariance):"
            " score more samples, or set `smallest` higher (below 1)"
        )
    generator = torch.Generator().manual_seed(evidence.seed)
    shares = np.linspace(share, 1, points)
    distances = np.array([mean_distance(real, fake, each, vary, generator) for each in shares])
    line = fit_line(1 / shares, distances)
    error = frechet_standard_error(real, fake, moments(real), moments(fake))
    known = error is not None and error[1] >= LEAST_FREEDOM
    note = (
        f"{points} sizes from {round(share * len(fake))} to {len(fake)}, {vary} varied; fit error {line.error:.3g} (s.e. of the intercept);"
        f" at all samples {distances[-1]:.6g}, of which {line.slope:.4g} is bias by this line"
    )
    if vary == "fake":
        note += f"; the bias of the {len(real)} real samples remains"
    estimate = Estimate(
        line.intercept,
        "lower",
        student(line.intercept, math.hypot(error[0], line.error), error[1]) if error is not None and known else None,
        interval_kind="delta method over samples and fit error, Student's t" if known else "",
        n_real=len(real),
        n_fake=len(fake),
        curve=tuple((1 / (each * len(fake)), float(distance)) for each, distance in zip(shares, distances, strict=True)),
        note=note,
    )
    return {"FID_infinity" if evidence.is_fid else f"FD_infinity[{evidence.extractor or 'features'}]": estimate}
