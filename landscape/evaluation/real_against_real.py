"""What real samples score in the place of generated ones, for any real set: the yardstick beside a score."""

import math
from dataclasses import dataclass

import torch

from landscape.components.datasets._base import Dataset
from landscape.components.metrics._base import METRICS
from landscape.config.protocol import Protocol
from landscape.config.protocols import varied
from landscape.core.errors import UserError
from landscape.evaluation.extraction import EvaluationOptions
from landscape.evaluation.given import SampleSource, as_given
from landscape.evaluation.models import floor
from landscape.evaluation.scoring import Aids, evaluate
from landscape.evaluation.splits import reporting
from landscape.results.record import Estimate, Scores

DRAWS, MANY = 4, 2000
"""Of a data set so many other real sets are scored where the protocol compares at most `MANY` samples, else one."""
MODEL_METRICS = frozenset({"generator", "discriminator"})
"""What real samples do not have: metrics that need it have no yardstick."""


@dataclass(frozen=True)
class Yardstick:
    """What real samples score under a protocol."""

    scores: Scores
    samples: int
    """How many samples each of the two real sets had."""
    wanted: int
    """How many the protocol compares. Where `samples` is less, biased scores (FD, MIND) lie higher than at that number."""

    def resolvable(self, name: str) -> float | None:
        """The smallest difference of two models' scores that such numbers of samples tell from chance (95 %), or None.

        It is 1.96 standard errors of a difference of two independent scores, each with the error that the real samples' own score has.
        """
        estimate = self.scores.estimates.get(name)
        if estimate is None:
            return None
        half = _half_width(estimate)
        return None if half is None else math.sqrt(2) * half


def _half_width(estimate: Estimate) -> float | None:
    """Half of the 95 % interval; where there is none, 1.96 times the spread over the draws."""
    if estimate.interval is not None:
        return (estimate.interval[1] - estimate.interval[0]) / 2
    return 1.96 * estimate.spread if estimate.spread else None


def yardstick(real: SampleSource, protocol: Protocol, *, aids: Aids | None = None, options: EvaluationOptions | None = None) -> Yardstick:
    """Score real samples against other real samples of the same source.

    Of a data set the protocol's samples are scored against as many of its other splits. A set that was given is shuffled and
    cut into two halves, which are scored against each other.

    Args:
        real: the real side of an evaluation.
        protocol: how the evaluation scores.
        aids: what some metrics need beside the two sets.
        options: device, cache, weights, progress.

    Raises:
        UserError: the set is too small, or no metric of the protocol can be computed of real samples.
    """
    kept = [m.to_json() for m in protocol.metrics if not METRICS[m.name].facts.needs & MODEL_METRICS]
    if not kept:
        raise UserError(f"no metric of protocol {protocol.name!r} can be computed of real samples alone")
    protocol = varied(protocol, metrics=kept, averaging_runs=1)
    if isinstance(real, Dataset):
        wanted = protocol.n_fake or len(reporting(real, protocol).samples)
        scores = floor(real, protocol, options=options, most_draws=DRAWS if wanted <= MANY else 1)
        return Yardstick(scores, max((e.n_fake for e in scores.estimates.values() if e.n_fake), default=0), wanted)
    given = as_given(real, "real")
    half = len(given) // 2
    if half < 2:
        raise UserError(f"the set {given.source!r} has {len(given)} samples: too few to score one half against the other")
    order = torch.randperm(len(given), generator=torch.Generator().manual_seed(protocol.seed))
    one, two = (
        given.take(part.sort().values, f"half {i} of it, seed {protocol.seed}")
        for i, part in enumerate((order[:half], order[half : 2 * half]))
    )
    halves = evaluate(one, two, varied(protocol, n_real=None, n_fake=None), aids=aids, options=options)
    return Yardstick(halves, half, len(given))
