"""What image tasks share: resizing, levels of 8 bits and the luma of colors."""

from typing import Literal

import torch
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


def with_luma(colors: Tensor, luma: Tensor) -> Tensor:
    """Return color images [N, 3, H, W] in [0, 1] whose luma is `luma` [N, 1, H, W] in [0, 1], and whose hues are those of `colors`.

    The difference of a color from its gray has no luma. It is added to the gray that is wanted, and shortened where the sum would leave
    [0, 1]: a cut of single channels would change the luma. Gradients reach `colors` through the shortening too.
    """
    chroma = colors - gray_of(colors)
    room = torch.where(chroma > 0, 1 - luma, luma)
    # A difference below a millionth is taken for one: 0 / 0 has no gradient, and no level of 8 bits changes.
    share = (room / chroma.abs().clamp(min=1e-6)).amin(1, keepdim=True).clamp(max=1)
    return luma + share * chroma


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
