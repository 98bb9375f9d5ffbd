"""How near generated samples are to training samples, compared with real samples that were not trained on."""

import math

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._borders import direct
from landscape.components.metrics._clouds import cloud
from landscape.components.metrics._intervals import normal, wilson
from landscape.components.metrics._neighbors import nearest_across
from landscape.components.metrics._samples import named, paired
from landscape.results.record import Estimate


def chance_smaller(one: Tensor, other: Tensor) -> tuple[float, float]:
    """Return P(a < b) + P(a = b) / 2 for a of `one` [n] and b of `other` [m], and its standard error (DeLong et al. 1988)."""
    placements = []
    for values, among in ((one, other.sort().values), (other, one.sort().values)):
        below, upto = (torch.searchsorted(among, values, right=right).double() for right in (False, True))
        placements.append((below + upto) / (2 * len(among)))
    error = math.sqrt(sum(float(each.var()) / len(each) for each in placements))
    return float(placements[1].mean()), error


def authentic(squared: Tensor, index: Tensor, train: Tensor) -> Tensor:
    """Say of each generated sample [m] whether it is farther from its nearest training sample than another training sample is.

    This is the strict comparison of Alaa et al. 2022, section 4.2: a copy of a training sample that occurs twice is not authentic.

    Args:
        squared: Squared distances [m] to the nearest training sample.
        index: Which training sample [m] that is.
        train: The features [n, d] of all training samples.
    """
    which, position = torch.unique(index, return_inverse=True)
    trains = cloud(train, train, "float32")
    _, nearest = nearest_across(trains.part(which), trains, but=which)
    return squared > direct(train, train, which, nearest)[position]


def _nearest_training(samples: Tensor, train: Tensor) -> tuple[Tensor, Tensor]:
    """Return the squared distance [n] in float64 and the index [n] of the nearest training sample.

    The distance is measured directly, so that it is exactly 0 for a copy and equal for equal samples.
    """
    _, index = nearest_across(cloud(samples, train, "float32"), cloud(train, train, "float32"))
    return direct(samples, train, torch.arange(len(samples), device=samples.device), index), index


@METRICS.register(
    needs=frozenset({"features", "train"}),
    names=("memorization[{extractor}]", "authenticity[{extractor}]"),
    direction="none",
    target="real",
    revision=2,  # In revision 2 authenticity compares strictly, and distances of copies are exactly 0.
    paper="Meehan et al. 2020, arXiv:2004.05675; Alaa et al. 2022, arXiv:2102.08921",
)
def memorization(evidence: Evidence) -> dict[str, Estimate]:
    """Chance that a generated sample is nearer to the training set than a held-out real one, and share of authentic samples.

    Memorization is 0.5 if generated samples are as far from the training set as real ones, and 1 for copies. Authenticity is near the share
    of real samples, which the note gives, and 0 for copies. Neither end of these scales is best, because blurred and noisy samples are far
    from the training set too. The best value is that of held-out real samples.

    Args:
        evidence: Features [N, d] of the real, the generated and the training set. The model must not have been trained on the real set.

    Raises:
        UserError: There is no training set, a set has too few samples or NaN, or features do not compare.
    """
    train_set = need(evidence.train, "the training set", "memorization")
    real, train = paired(evidence.real, train_set, evidence, "memorization", names=("real", "training"))
    fake, _ = paired(evidence.fake, train_set, evidence, "memorization", names=("generated", "training"))
    of_fake, of_real = _nearest_training(fake, train), _nearest_training(real, train)
    value, error = chance_smaller(of_fake[0], of_real[0])
    (low, high), (least, most) = normal(value, error, (0.0, 1.0)), wilson(value * min(len(real), len(fake)), min(len(real), len(fake)))
    ratio = math.sqrt(float(of_fake[0].median()) / max(float(of_real[0].median()), torch.finfo(torch.float32).tiny))
    genuine, genuine_real = authentic(*of_fake, train), authentic(*of_real, train)
    share = float(genuine.double().mean())
    note = f"{len(train)} training samples"
    return {
        named("memorization", evidence): Estimate(
            value,
            "none",
            (min(low, least), max(high, most)),
            interval_kind="DeLong over samples, or Wilson if wider, given the training set",
            bounds=(0.0, 1.0),
            n_real=len(real),
            n_fake=len(fake),
            target="real",
            note=f"{note}; 0.5 as real samples; median distance {ratio:.3g} times that of real samples",
        ),
        named("authenticity", evidence): Estimate(
            share,
            "none",
            wilson(int(genuine.sum()), len(fake)),
            interval_kind="Wilson over samples, given the training set",
            bounds=(0.0, 1.0),
            n_real=len(real),
            n_fake=len(fake),
            target="real",
            note=f"{note}; real samples {float(genuine_real.double().mean()):.3f}",
        ),
    }
