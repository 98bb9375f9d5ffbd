"""The spread of generated images under one condition."""

import torch

from landscape.components.metrics._base import METRICS, Evidence, need
from landscape.components.metrics._paired import hole_of, mean_estimate, mean_over, pairs_of
from landscape.results.record import Estimate


@METRICS.register(
    needs=frozenset({"pairs", "draws"}), names=("diversity",), direction="none", paper="Zhu et al. 2017, arXiv:1711.11586, section 4"
)
def diversity(evidence: Evidence) -> dict[str, Estimate]:
    """Mean standard deviation of a pixel over several samples under one condition, in [0, 1]: in the hole, if the task has one.

    It is 0 for a generator that ignores z. A generator of noise has much of it, so that it says something beside the other scores only.

    Raises:
        UserError: There is no generator that could draw several samples under a condition.
    """
    pairs = pairs_of(evidence, "diversity")
    draws = need(pairs.draws, "several samples under each condition", "diversity")
    spread = draws.float().std(1) / 255
    values = mean_over(spread, hole_of(pairs, torch.arange(len(draws))))
    note = f"{draws.shape[1]} samples under each of {len(draws)} conditions"
    return {"diversity": mean_estimate(values, evidence, "none", note=note)}
