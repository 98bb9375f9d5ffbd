"""Precision and recall: the shares of samples inside the other set's manifold, which consists of k-NN balls."""

import math

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._borders import Border
from landscape.components.metrics._clouds import Precision
from landscape.components.metrics._intervals import normal, wilson
from landscape.components.metrics._neighbors import Holding, Neighborhoods, neighborhoods
from landscape.components.metrics._samples import feature_pair, named
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate

INTERVAL_KIND = "jackknife over both sets and Wilson over one, the wider"


def share_inside(held: Holding) -> Tensor:
    """Return the share of samples that at least one ball holds."""
    return (held.balls > 0).double().mean()


def share_interval(held: Holding) -> tuple[float, float]:
    """Return the 95% interval of `share_inside` for its expectation at these sizes.

    Two sources of variance add up: the samples (binomial), and the balls. If a ball is deleted, only the samples that it alone holds are
    lost. Deleting one ball at a time overstates the variance, because the radii of the others would adapt (Efron and Stein 1981).
    """
    share, count = float(share_inside(held)), len(held.balls)
    alone = held.balls == 1
    lost = torch.bincount(held.only_ball[alone], minlength=len(held.members)).double() / count
    variance = share * (1 - share) / count + float((lost - lost.mean()).square().sum())
    (low, high), (least, most) = normal(share, math.sqrt(variance), (0.0, 1.0)), wilson(share * count, count)
    return min(low, least), max(high, most)


def neighbors_note(found: Neighborhoods, k: int, precision: Precision) -> str:
    """Say how the balls were made, what rounding may have decided otherwise, and how many balls have radius 0."""
    parts = [f"k={k}, a sample on the border of a ball is {found.border}"]
    zero, balls = found.zero_radii, (len(found.real.members), len(found.fake.members))
    if any(zero):
        holds = "hold their own copies alone" if found.border == "inside" else "hold nothing"
        shares = f"{100 * zero[0] / balls[0]:.3g}% of the real and {100 * zero[1] / balls[1]:.3g}% of the generated balls"
        parts.append(f"{shares} have radius 0 (samples that occur more than {k} times) and {holds}")
    if precision == "float64":
        parts.append("float64, ties decided exactly")
    else:
        parts.append(f"float32: {found.uncertain} of {found.decisions:.3g} neighbor decisions lie within rounding")
    return "; ".join(parts)


@METRICS.register(
    needs=frozenset({"features"}),
    names=("precision[{extractor}]", "recall[{extractor}]"),
    direction="higher",
    revision=2,  # In revision 2 a sample at exactly the radius of a ball is inside, as in the paper.
    paper="Kynkaanniemi et al. 2019, arXiv:1904.06991",
)
def precision_recall(
    evidence: Evidence, *, k: PositiveInt = 5, precision: Precision = "float32", border: Border = "inside"
) -> dict[str, Estimate]:
    """Share of generated samples inside the real manifold, and of real samples inside the generated one (k-NN balls).

    Args:
        evidence: Features [N, d] of both sets.
        k: The ball of a sample reaches to its k-th nearest neighbor (the paper: 3; the prdc package: 5).
        precision: In `float64` every comparison is decided as exact distances decide it, at about twice the time.
        border: Whether a sample at exactly the radius is inside (the paper, equation 1, and torch-fidelity) or outside (the prdc package).

    Raises:
        UserError: k or fewer samples in a set, NaN, or features that do not compare.
    """
    real, fake = feature_pair(evidence, "precision_recall")
    found = neighborhoods(real, fake, k, precision, border)
    note = f"{neighbors_note(found, k, precision)}; depends on the sample size"

    def estimate(held: Holding) -> Estimate:
        return Estimate(
            float(share_inside(held)),
            "higher",
            share_interval(held),
            interval_kind=INTERVAL_KIND,
            bounds=(0.0, 1.0),
            n_real=len(real),
            n_fake=len(fake),
            note=note,
        )

    return {named("precision", evidence): estimate(found.real), named("recall", evidence): estimate(found.fake)}
