"""The peak signal-to-noise ratio of generated images against their targets."""

from typing import Literal

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._paired import LEAST_ERROR, compared, decibels, luma, mean_estimate, mean_over
from landscape.core.errors import UserError
from landscape.results.record import Estimate


@METRICS.register(
    needs=frozenset({"pairs"}),
    names=("PSNR", "PSNR_hole", "PSNR_RGB", "PSNR_RGB_hole"),
    direction="higher",
    paper="Ledig et al. 2017, arXiv:1609.04802, section 3.1",
)
def psnr(evidence: Evidence, *, region: Literal["whole", "hole"] = "whole", channels: Literal["y", "rgb"] = "y") -> dict[str, Estimate]:
    """Mean over the images of 10 log10(255^2 / mean squared error) against their targets, without the task's border.

    It is the mean of the images' ratios, not the ratio of their mean error. An image whose error is at most that of rounding to levels,
    1/12, counts with that error, which is 58.9 dB.

    Args:
        evidence: The generated and the real images, and their conditions.
        channels: `y` for the luma, as papers on super-resolution, or `rgb` for all colors, which colorization needs.
        region: `whole`, or `hole` for the pixels that were to be made alone, because the others are copied and flatter the score.

    Raises:
        UserError: The model has no targets, or no hole.
    """
    made, targets, hole = compared(evidence, "psnr")
    if region == "hole" and hole is None:
        raise UserError("psnr: region=hole needs a task with a mask (inpainting): choose region=whole")
    if channels == "y":
        made, targets = luma(made), luma(targets)
    error = mean_over((made - targets).square(), hole if region == "hole" else None)
    equal = int((error <= LEAST_ERROR).sum())
    note = f"{equal} of {len(error)} images equal their targets up to rounding" if equal else ""
    name = "PSNR" + ("_RGB" if channels == "rgb" else "") + ("_hole" if region == "hole" else "")
    return {name: mean_estimate(decibels(error), evidence, "higher", unit="dB", note=note)}
