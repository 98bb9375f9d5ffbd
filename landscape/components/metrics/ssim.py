"""The structural similarity of generated images with their targets."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._paired import compared, luma, mean_estimate
from landscape.core.errors import UserError
from landscape.results.record import Estimate

WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
ROWS = 512
"""The number of images that are compared at once."""


def similarity(one: Tensor, two: Tensor) -> Tensor:
    """Return the mean SSIM [N] of gray images [N, 1, H, W] with levels in [0, 255], over all places of an 11 x 11 Gaussian window."""
    offsets = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    weights = torch.softmax(-0.5 * (offsets / SIGMA) ** 2, dim=0)

    def smooth(images: Tensor) -> Tensor:
        return conv2d(conv2d(images, weights.view(1, 1, -1, 1)), weights.view(1, 1, 1, -1))

    one, two = one.double(), two.double()
    mean_one, mean_two = smooth(one), smooth(two)
    spread_one, spread_two = smooth(one.square()) - mean_one.square(), smooth(two.square()) - mean_two.square()
    together = smooth(one * two) - mean_one * mean_two
    light = (2 * mean_one * mean_two + C1) / (mean_one.square() + mean_two.square() + C1)
    return (light * (2 * together + C2) / (spread_one + spread_two + C2)).flatten(1).mean(1)


@METRICS.register(
    needs=frozenset({"pairs"}),
    names=("SSIM",),
    direction="higher",
    smallest=WINDOW,
    paper="Wang et al. 2004, doi:10.1109/TIP.2003.819861, equation 13",
)
def ssim(evidence: Evidence) -> dict[str, Estimate]:
    """Mean structural similarity of the images with their targets, on Y, without the task's border: 1 for equal images.

    The window is Gaussian, 11 x 11 with sigma 1.5, and stays inside of the image.

    Raises:
        UserError: The model has no targets, or the images are smaller than the window.
    """
    made, targets, _ = compared(evidence, "ssim")
    if min(made.shape[2:]) < WINDOW:
        raise UserError(f"ssim needs images of at least {WINDOW} pixels a side inside of the border, these have {min(made.shape[2:])}")
    pairs = zip(torch.split(luma(made).cpu(), ROWS), torch.split(luma(targets).cpu(), ROWS), strict=True)
    values = torch.cat([similarity(one, two) for one, two in pairs])
    return {"SSIM": mean_estimate(values, evidence, "higher", bounds=(-1.0, 1.0))}
