"""Precision and recall: shares of samples inside the other set's k-NN manifold."""

import math

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._clouds import Precision
from landscape.components.metrics._intervals import normal, wilson
from landscape.components.metrics._neighbors import Holding, Neighborhoods, neighborhoods
from landscape.components.metrics._samples import feature_pair, named
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate

INTERVAL_KIND = "jackknife over both sets and Wilson over one, the wider"


def share_inside(held: Holding) -> Tensor:
    """Share of samples that at least one ball holds."""
    return (held.balls > 0).double().mean()


def share_interval(held: Holding) -> tuple[float, float]:
    """95 % interval of `share_inside` for its expectation at these sizes.

    Two sources add: the samples (binomial), and the balls, each of which can only take away the samples that it alone holds
    (Efron & Stein 1981: deleting one ball at a time overstates the variance, as radii would adapt).
    """
    share, count = float(share_inside(held)), len(held.balls)
    alone = held.balls == 1
    lost = torch.bincount(held.only_ball[alone], minlength=len(held.members)).double() / count
    variance = share * (1 - share) / count + float((lost - lost.mean()).square().sum())
    (low, high), (least, most) = normal(share, math.sqrt(variance), (0.0, 1.0)), wilson(share * count, count)
    return min(low, least), max(high, most)


def rounding_note(found: Neighborhoods, precision: Precision) -> str:
    """What float32 may have decided otherwise."""
    if precision == "float64":
        return "float64"
    return f"float32: {found.uncertain} of {found.decisions:.3g} neighbor decisions lie within rounding"


@METRICS.register(
    needs=frozenset({"features"}),
    names=("precision[{extractor}]", "recall[{extractor}]"),
    direction="higher",
    paper="Kynkaanniemi et al. 2019, arXiv:1904.06991",
)
def precision_recall(evidence: Evidence, *, k: PositiveInt = 5, precision: Precision = "float32") -> dict[str, Estimate]:
    """Share of generated samples inside the real manifold, and of real samples inside the generated one (k-NN balls).

    Args:
        evidence: features [N, d] of both sets.
        k: the ball of a sample reaches to its k-th nearest neighbor (the paper: 3; the prdc package: 5).
        precision: float64 decides every comparison exactly as rounding-free distances would, at about twice the time.

    Raises:
        UserError: k or fewer samples in a set, NaN, or features that do not compare.
    """
    real, fake = feature_pair(evidence, "precision_recall")
    found = neighborhoods(real, fake, k, precision)
    note = f"k={k}, depends on the sample size; {rounding_note(found, precision)}"

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
