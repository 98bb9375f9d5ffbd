"""Compares a trial's last weights with its best ones by the score that chose the best, and says whether the difference counts."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from landscape.results.last_and_best import last_and_best
from landscape.results.record import Curve, Estimate, Scores
from landscape.results.score_names import has_log_scale, same_score

RATIO, RATIO_WITHOUT_INTERVAL = 1.5, 2.0
"""How many times the best weights' score the last weights' one must be, on a log scale, with and without intervals.

Without an interval nothing else says how noisy a score is. Two scores of the same weights, on other samples each, were up to 1.67 times
apart (docs/studies.md, "Training health").
"""
LOST = 0.5
"""The share of what the training had gained since its first selection point that must be lost again, of scores off a log scale."""


@dataclass(frozen=True)
class Comparison:
    """The score of a trial's last weights and of its best ones, both on the samples of the report, which chose neither.

    Under a protocol that selects on the test set, as some papers did, they are the samples that chose the best.
    """

    score: str
    """The public name of the score."""
    last: Estimate
    best: Estimate
    gained: float
    """How much better the best selection point is than the first one, in the unit of the score, at least 0."""
    best_at: float
    """The number of rounds at the best selection point."""

    @property
    def figures(self) -> dict[str, Any]:
        """What the rule reads, as plain data."""
        found: dict[str, Any] = {"score": self.score, "last": self.last.value, "best": self.best.value}
        for name, estimate in (("last", self.last), ("best", self.best)):
            if estimate.interval is not None:
                found[f"{name}_interval"] = list(estimate.interval)
        return found | {"gained": self.gained, "best_at": self.best_at}

    @property
    def is_degraded(self) -> bool:
        """Whether the last weights are worse than the best ones by more than the noise of the score, and by an amount that matters.

        The 95% intervals of the two must not touch. On a log scale the ratio must be `RATIO`. On other scales a share `LOST` of what the
        training had gained must be lost. A score without an interval needs `RATIO_WITHOUT_INTERVAL` on a log scale and says nothing on
        other scales.
        """
        sign = 1.0 if self.last.direction == "lower" else -1.0
        loss = sign * (self.last.value - self.best.value)
        last, best = self.last.interval, self.best.interval
        ratio, share = RATIO, LOST
        if last is None or best is None:
            ratio, share = RATIO_WITHOUT_INTERVAL, math.inf
        elif last[0] <= best[1] and best[0] <= last[1]:
            return False
        if loss <= 0:
            return False
        if has_log_scale(self.score, self.last.scale):
            smaller, larger = sorted((self.last.value, self.best.value))
            return larger > ratio * smaller
        return loss > share * self.gained


def compare(selection: Curve, scores: Iterable[Scores]) -> Comparison | None:
    """Return the comparison, or None if the trial has no scores of both weights, as where only the last ones are scored.

    Args:
        selection: The curve `selection_objective` of a TrialRecord.
        scores: All scores of the trial.
    """
    for last, best in last_and_best(scores):
        objective = str(best.protocol.get("objective"))
        found = next((score for score in best.estimates if same_score(score, objective)), None)
        if found is None or found not in last.estimates or len(selection) < 2:
            continue
        sign = 1.0 if best.estimates[found].direction == "lower" else -1.0
        at, value = min(selection, key=lambda point: sign * point[1])
        return Comparison(found, last.estimates[found], best.estimates[found], abs(selection[0][1] - value), at)
    return None
