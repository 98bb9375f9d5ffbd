"""How much neighboring pixels of generated images differ, beside real images."""

import torch
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._paired import luma, mean_estimate
from landscape.components.metrics._samples import checked, on_device
from landscape.core.errors import UserError
from landscape.results.record import Estimate

AT_ONCE = 1024
"""The number of images that are held as floats at a time."""


def gradients(images: Tensor) -> Tensor:
    """Return the mean absolute difference of neighboring pixels of each image [N], down and across, of Y as a share of 255 levels.

    Args:
        images: Levels [N, C, H, W] in [0, 255], gray or in color, of at least 2 pixels a side.
    """
    found = []
    for some in torch.split(images, AT_ONCE):
        y = luma(some.float()) / 255
        down, across = (y[..., 1:, :] - y[..., :-1, :]).abs().flatten(1), (y[..., 1:] - y[..., :-1]).abs().flatten(1)
        found.append(torch.cat([down, across], 1).mean(1))
    return torch.cat(found)


@METRICS.register(
    needs=frozenset({"images"}),
    names=("sharpness",),
    direction="none",
    target="real",
    smallest=2,
    paper="Mathieu et al. 2016, arXiv:1511.05440, whose gradient difference compares each image with its target",
)
def sharpness(evidence: Evidence) -> dict[str, Estimate]:
    """Mean absolute difference between neighboring pixels of Y, in [0, 1]. Blurred images have less of it than real ones, noise has more.

    The best value is that of real images, which the note gives. It says that edges are as strong as real ones, not that they are right.

    Args:
        evidence: The generated and the real images, gray or in color.

    Raises:
        UserError: The samples are no images of 2 pixels a side or more, or hold NaN.
    """
    sets = [(evidence.real.images, "real"), (evidence.fake.images, "generated")]
    real, fake = (on_device(checked(images, whose, "images", "sharpness", minimum=1), evidence) for images, whose in sets)
    for images, whose in ((real, "real"), (fake, "generated")):
        if images.ndim != 4 or images.shape[1] not in (1, 3) or min(images.shape[2:]) < 2:
            shape = tuple(images.shape[1:])
            raise UserError(f"sharpness needs images of 2 pixels a side or more, {whose} samples are {shape}: leave the metric out")
    note = f"real samples {float(gradients(real).double().mean()):.3g}"
    return {"sharpness": mean_estimate(gradients(fake), evidence, "none", bounds=(0.0, 1.0), target="real", note=note)}
