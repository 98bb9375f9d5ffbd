"""Colorization."""

from typing import Any

from torch import Tensor

from landscape.components.tasks._base import TASKS, Batch, Rows
from landscape.components.tasks._images import as_levels, gray_of, require_images, with_luma
from landscape.core.errors import UserError


def luma(samples: Tensor, **_: Any) -> Tensor:
    """Return the gray image [N, 1, H, W] of color images [N, 3, H, W], not rounded."""
    return gray_of(samples)


def in_gray(pictures: Tensor, **_: Any) -> Tensor:
    """Return pictures [N, 1 or 3, H, W] in gray, rounded to levels."""
    return as_levels(gray_of(pictures))


def gray(condition: Tensor, shape: tuple[int, ...], **_: Any) -> Tensor:
    """Return the gray images [N, 1, H, W] in three equal channels, [N, C, H, W] of `shape`."""
    return condition.expand(-1, *shape)


@TASKS.register(
    condition="image",
    has_target=True,
    keeps=with_luma,
    keeps_if="keep_luma",
    d_sees="pair",
    baseline=gray,
    measured=luma,
    asked_by=in_gray,
    protocols=("quick-colorization",),
    paper="Zhang et al. 2016, arXiv:1603.08511, for the task; Isola et al. 2017, arXiv:1611.07004, for a GAN on it",
)
def colorization(rows: Rows, *, keep_luma: bool = False) -> Batch:
    """Color images from gray ones: G receives the luma of an image, rounded to 8 bits, and D judges a color image beside it.

    The sources have G make two channels of color and keep the lightness. So it is with `keep_luma`; without, G makes all three colors, and
    `consistency` says how well the luma is kept.

    Args:
        rows: The color images.
        keep_luma: Whether a generated image has the luma that was given, and of what G makes the hues alone, less colorful where the full
            color would not fit into [0, 1].

    Raises:
        UserError: The samples are no color images.
    """
    require_images(rows.samples, "colorization")
    if rows.samples.shape[1] != 3:
        raise UserError("task 'colorization' needs color images, these are gray: choose data in color, or --set channels=3")
    return Batch(rows.samples, in_gray(rows.samples))
