"""Density, which says how many real balls hold a generated sample, and coverage, which says how many real balls hold any."""

import math

import torch

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._borders import Border
from landscape.components.metrics._clouds import Precision
from landscape.components.metrics._intervals import normal_if_varied, standard_error
from landscape.components.metrics._neighbors import Holding, Neighborhoods, neighborhoods
from landscape.components.metrics._samples import feature_pair, named
from landscape.components.metrics.precision_recall import INTERVAL_KIND, neighbors_note, share_inside, share_interval
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate


def density(found: Neighborhoods) -> float:
    """Return how many real balls hold a generated sample on average, divided by k. Equal distributions give 1 in expectation."""
    return float(found.real.balls.double().mean() / found.real_neighbors.shape[1])


def density_standard_error(found: Neighborhoods) -> float:
    """Return the standard error of `density`, to which both sets contribute.

    The part of the real samples comes from a jackknife. If a sample is deleted, its ball is gone, and the balls whose border it was grow by
    their shell.
    """
    k, count = found.real_neighbors.shape[1], len(found.real.balls)
    gained = torch.zeros(len(found.shell), dtype=torch.float64, device=found.shell.device)
    gained.index_add_(0, found.real_neighbors.flatten(), found.shell.double().repeat_interleave(k))
    change = (gained - found.real.members) / (k * count)
    return math.sqrt(standard_error(found.real.balls / k) ** 2 + float((change - change.mean()).square().sum()))


def covered(found: Neighborhoods) -> Holding:
    """Return the same balls as seen from the real samples: a real sample counts as held if its ball has a member."""
    return Holding(found.real.members, found.real.balls, found.real.only_member, found.real.only_ball)


@METRICS.register(
    needs=frozenset({"features"}),
    names=("density[{extractor}]", "coverage[{extractor}]"),
    direction="higher",
    revision=2,  # In revision 2 ties are decided exactly.
    paper="Naeem et al. 2020, arXiv:2002.09797",
)
def density_coverage(
    evidence: Evidence, *, k: PositiveInt = 5, precision: Precision = "float32", border: Border = "outside"
) -> dict[str, Estimate]:
    """Density (equations 4) and coverage (equation 5) of generated features around real ones.

    Args:
        evidence: Features [N, d] of both sets.
        k: The ball of a real sample reaches to its k-th nearest real neighbor.
        precision: In `float64` every comparison is decided as exact distances decide it, at about twice the time.
        border: Whether a sample at exactly the radius is inside or outside (the prdc package of the paper's authors).

    Raises:
        UserError: k or fewer samples in a set, NaN, or features that do not compare.
    """
    real, fake = feature_pair(evidence, "density_coverage")
    found = neighborhoods(real, fake, k, precision, border)
    n, m = len(real), len(fake)
    note = neighbors_note(found, k, precision)
    value = density(found)
    within = normal_if_varied(value, density_standard_error(found), (0.0, None))
    # If both sets have the same distribution, this is the chance that some of the k nearest of n - 1 + m others are generated (lemma 2).
    expected = 1 - math.prod((n - 1 - i) / (n + m - 1 - i) for i in range(k))
    held = covered(found)
    return {
        named("density", evidence): Estimate(
            value, "higher", within, interval_kind="jackknife over both sets", bounds=(0.0, None), n_real=n, n_fake=m, note=note
        ),
        named("coverage", evidence): Estimate(
            float(share_inside(held)),
            "higher",
            share_interval(held),
            interval_kind=INTERVAL_KIND,
            bounds=(0.0, 1.0),
            n_real=n,
            n_fake=m,
            note=f"{note}; equal distributions give {expected:.4f} in expectation",
        ),
    }
