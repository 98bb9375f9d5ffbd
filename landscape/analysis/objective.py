"""The score that a search goes by, and the scale in which it is modeled."""

import math
from collections.abc import Mapping

from landscape.core.errors import UserError
from landscape.results.record import Estimate, Scores
from landscape.results.score_names import ScoreName, score_of

NO_DISTANCE = 1e-12
"""A Frechet distance below this is rounding of zero, which has no logarithm."""


def objective(scores: Mapping[str, Scores], protocol: str, name: str) -> Estimate | None:
    """The estimate called `name` of a trial: on the selection samples where they were scored, else on the reporting ones.

    Args:
        scores: the scores of one trial, by digest of their protocol.
        protocol: the name of the study's protocol; its selection samples are scored as `<protocol>/selection`.
        name: the public name of the objective, `FD[classifier]`.
    """
    found = score_of(scores, f"{protocol}/selection", name)
    return found if found is not None else reported(scores, protocol, name)


def reported(scores: Mapping[str, Scores], protocol: str, name: str) -> Estimate | None:
    """The estimate called `name` on the samples that a report shows."""
    return score_of(scores, protocol, name)


def is_frechet(name: str) -> bool:
    """Whether a score is a Frechet distance that is modeled in log."""
    return ScoreName.parse(name).is_modeled_in_log


def modeled(estimate: Estimate, name: str) -> float:
    """A score in the scale that a searcher models: lower is better, Frechet distances in log.

    Raises:
        UserError: a score of which neither more nor less is better.
    """
    if is_frechet(name):
        return math.log(max(estimate.value, NO_DISTANCE))
    if estimate.direction not in ("lower", "higher"):
        raise UserError(
            f"protocol.objective {name!r} is neither better high nor low: a search needs one that is, for example FD[classifier]"
        )
    return -estimate.value if estimate.direction == "higher" else estimate.value
