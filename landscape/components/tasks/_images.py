"""What image tasks share: resizing, levels of 8 bits and the luma of colors."""

from typing import Literal

from torch import Tensor
from torch.nn.functional import interpolate

from landscape.core.errors import UserError

LUMA = (0.299, 0.587, 0.114)
"""The weights of red, green and blue in the luma of ITU-R BT.601, by which color becomes gray."""


def as_levels(images: Tensor) -> Tensor:
    """Return images in [0, 1] cut and rounded to the 256 levels of 8 bits, still in [0, 1]."""
    return images.clamp(0, 1).mul(255).round().div(255)


def resized(images: Tensor, side: tuple[int, int], *, antialias: bool = False, filter: Literal["bicubic", "nearest"] = "bicubic") -> Tensor:
    """Return images [N, C, H, W] resized to `side` (H', W').

    With `antialias` the bicubic filter widens with the factor, as Pillow's and MATLAB's do. Without, it reads four pixels a line at any
    factor, as OpenCV's does.
    """
    if filter == "nearest":
        return interpolate(images, side, mode="nearest")
    return interpolate(images, side, mode="bicubic", align_corners=False, antialias=antialias)


def gray_of(images: Tensor) -> Tensor:
    """Return the luma [N, 1, H, W] of color images [N, 3, H, W]; gray images are returned as they are."""
    if images.shape[1] == 1:
        return images
    red, green, blue = (weight * images[:, i : i + 1] for i, weight in enumerate(LUMA))
    return red + green + blue


def as_picture(condition: Tensor, shape: tuple[int, ...], *, has_mask: bool) -> Tensor:
    """Return conditions [N, c, h, w] as pictures [N, C, H, W] of `shape` (C, H, W).

    A hole is gray, and a small image is enlarged by repeating its pixels.
    """
    if has_mask:
        known, mask = condition[:, :-1], condition[:, -1:]
        condition = known * (1 - mask) + mask / 2
    if condition.shape[1] != shape[0]:
        condition = gray_of(condition) if shape[0] == 1 else condition.expand(-1, shape[0], -1, -1)
    return resized(condition, (shape[1], shape[2]), filter="nearest")


def require_images(samples: Tensor, task: str) -> None:
    """Check that samples are images.

    Raises:
        UserError: They are points.
    """
    if samples.ndim != 4:
        raise UserError(f"task {task!r} reads images, not samples of shape {tuple(samples.shape[1:])}: choose a data set of images")
