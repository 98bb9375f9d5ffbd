"""Scores real samples in the place of generated ones, which is the yardstick beside a score."""

from dataclasses import dataclass

import torch

from landscape.components.datasets._base import Dataset
from landscape.components.metrics._base import METRICS
from landscape.components.tasks._base import Task
from landscape.config.protocol import Protocol
from landscape.config.protocols import varied
from landscape.core.errors import UserError
from landscape.evaluation.extraction import EvaluationOptions
from landscape.evaluation.given import SampleSource, as_given
from landscape.evaluation.models import FLOOR_DRAWS, RESOLVED, floor, smallest_difference
from landscape.evaluation.paired_yardsticks import OF_PAIRS
from landscape.evaluation.scoring import Aids, evaluate
from landscape.evaluation.splits import reporting
from landscape.results.record import Scores

MANY = 2000
"""If a protocol compares more samples than this, one set of other real samples is scored and not `FLOOR_DRAWS` sets, to save time."""
MODEL_METRICS = frozenset({"generator", "discriminator", "encoder", "draws"})
"""What real samples do not have. A metric that needs one of these has no yardstick."""


@dataclass(frozen=True)
class Yardstick:
    """The scores of real samples under a protocol."""

    scores: Scores
    samples: int
    """The number of samples of each of the two real sets."""
    wanted: int
    """The number of samples that the protocol compares. If `samples` is less, biased scores (FD, MIND) are higher than at that number."""

    def resolvable(self, name: str) -> float | None:
        """Return the smallest difference between two models' scores that such numbers of samples tell from chance, or None if not known.

        It is the floor's own figure where the floor has one, else `smallest_difference` of the score of the one set of real samples.
        """
        estimates = self.scores.estimates
        if (known := estimates.get(f"{RESOLVED} {name}")) is not None:
            return known.value
        found = smallest_difference(estimates[name], 1) if name in estimates else None
        return None if found is None else found.value


def yardstick(
    real: SampleSource,
    protocol: Protocol,
    *,
    aids: Aids | None = None,
    options: EvaluationOptions | None = None,
    task: Task | None = None,
) -> Yardstick:
    """Score real samples against other real samples of the same source.

    The samples of a data set that the protocol names are scored against as many samples of its other splits. A set that was given is
    shuffled and cut into two halves, which are scored against each other.

    Args:
        real: The real side of an evaluation.
        protocol: Says how the evaluation scores.
        aids: What some metrics need beside the two sets.
        options: The device, the cache, the weights and the progress.
        task: The task of the model that is scored, which gives what its targets and its baseline score if its condition is an image.

    Raises:
        UserError: The set is too small, or no metric of the protocol can be computed from real samples.
    """
    without = MODEL_METRICS if task is not None and isinstance(real, Dataset) else MODEL_METRICS | OF_PAIRS
    kept = [m.to_json() for m in protocol.metrics if not METRICS[m.name].facts.needs & without]
    if not kept:
        raise UserError(f"no metric of protocol {protocol.name!r} can be computed of real samples alone")
    protocol = varied(protocol, metrics=kept, averaging_runs=1)
    if isinstance(real, Dataset):
        wanted = protocol.n_fake or len(reporting(real, protocol).samples)
        scores = floor(real, protocol, options=options, most_draws=FLOOR_DRAWS if wanted <= MANY else 1, task=task)
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
