"""Rungs: the shares of a training at which it is scored and may be stopped, because other trials are better at the same share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from landscape.config.protocol import Protocol
from landscape.config.protocols import varied
from landscape.core.errors import UserError
from landscape.core.wording import significant
from landscape.results.record import Rung, Scores
from landscape.results.score_names import same_score


@dataclass(frozen=True)
class Rungs:
    """Where a trial is scored on the way, and who decides whether it goes on."""

    shares: Sequence[float]
    """The share of the training at each rung, ascending, between 0 and 1."""
    protocol: Protocol
    """What the trial is scored by at a rung: the objective of this protocol, on the selection samples."""
    judge: Callable[[Rung], Rung]
    """A function that takes what `reached` returns, and returns it with the decision."""


class StoppedEarlyError(Exception):
    """The judge has stopped the trial at a rung."""


def rung_protocol(protocol: Protocol, metric: str, n_fake: int | None) -> Protocol:
    """Return `protocol` as it scores a trial at its rungs, where no report looks at the scores.

    Args:
        protocol: The protocol of the study.
        metric: The public name of the score at the rungs. If it is empty, it is the objective.
        n_fake: The number of generated samples, or None for as many as the protocol has.
    """
    changes: dict[str, Any] = {"name": f"{protocol.name}/rung", "objective": metric or protocol.objective, "checkpoint": "last"}
    return varied(protocol, **changes, **({} if n_fake is None else {"n_fake": n_fake}))


def rung_rounds(total: int | None, shares: Sequence[float]) -> dict[int, int]:
    """Return the number of the rung, counted from 0, by the round after which a training of `total` rounds reaches it.

    Rungs that fall on one round, because a training is short, are one rung: the first of them. None lies at the end or before the first
    round.
    """
    found: dict[int, int] = {}
    for rung, share in enumerate(shares):
        after = round((total or 0) * share)
        if 0 < after < (total or 0):
            found.setdefault(after, rung)
    return found


def reached(scores: Scores, rung: int, share: float, d_steps: int) -> Rung | None:
    """Return what a trial reaches at a rung, or None if its score could not be computed there.

    Raises:
        UserError: The score has no better direction.
    """
    wanted = str(scores.protocol["objective"])
    estimate = next((found for name, found in scores.estimates.items() if same_score(name, wanted)), None)
    if estimate is None:
        return None
    if estimate.direction == "none":
        raise UserError(f"early_stopping: {wanted} is neither better high nor low: choose a metric that is")
    cost = -estimate.value if estimate.direction == "higher" else estimate.value
    return Rung(rung, share, d_steps, wanted, estimate.value, cost, estimate.n_fake)


def reason_of(decided: Rung) -> str:
    """Return in words why a trial was stopped at a rung."""
    where = f"stopped at {decided.share:.3g} of its training with {decided.score} {significant(decided.value, 4)}"
    if decided.median is not None:
        return f"{where}, worse than the median {significant(decided.median, 4)} of {decided.of} completed trials there"
    return f"{where}, rank {decided.rank} of {decided.of} there ({decided.rule})"
