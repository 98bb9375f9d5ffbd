"""The mean absolute difference of generated images from their targets."""

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._paired import compared, mean_estimate, mean_over
from landscape.results.record import Estimate


@METRICS.register(needs=frozenset({"pairs"}), names=("L1",), paper="Pathak et al. 2016, arXiv:1604.07379, table 1")
def l1(evidence: Evidence) -> dict[str, Estimate]:
    """Mean absolute difference of the images from their targets, in [0, 1], over all colors: in the hole, if the task has one.

    Raises:
        UserError: The model has no targets.
    """
    made, targets, hole = compared(evidence, "l1")
    values = mean_over((made - targets).abs(), hole) / 255
    where = "in the hole" if hole is not None else ""
    return {"L1": mean_estimate(values, evidence, "lower", bounds=(0.0, 1.0), note=where)}
