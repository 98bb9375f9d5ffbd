"""The score that a search goes by, and the scale in which it is modeled."""

import math
from collections.abc import Mapping

from landscape.core.errors import UserError
from landscape.results.record import Estimate, Scores
from landscape.results.score_names import SELECTION, has_log_scale, score_of

NO_DISTANCE = 1e-12
"""The smallest score that has a logarithm here. What lies below is rounding of zero."""


def objective(scores: Mapping[str, Scores], protocol: str, name: str) -> Estimate | None:
    """Return the estimate called `name` of a trial, on the selection samples if they were scored, otherwise on the reporting ones.

    Args:
        scores: The scores of one trial, by digest of their protocol.
        protocol: The name of the study's protocol. Its selection samples are scored as `<protocol>/selection`.
        name: The public name of the objective, such as `FD[classifier]`.
    """
    found = score_of(scores, protocol + SELECTION, name)
    return found if found is not None else reported(scores, protocol, name)


def reported(scores: Mapping[str, Scores], protocol: str, name: str) -> Estimate | None:
    """Return the estimate called `name` on the samples that a report shows."""
    return score_of(scores, protocol, name)


def modeled(estimate: Estimate, name: str) -> float:
    """Return a score in the scale that a searcher models. Lower is better, and scores that declare a log scale are in log.

    Raises:
        UserError: The score has no better direction.
    """
    if has_log_scale(name, estimate.scale):
        return math.log(max(estimate.value, NO_DISTANCE))
    if estimate.direction not in ("lower", "higher"):
        raise UserError(
            f"protocol.objective {name!r} is neither better high nor low: a search needs one that is, for example FD[classifier]"
        )
    return -estimate.value if estimate.direction == "higher" else estimate.value
