"""Linear changes of the colors of images."""

import torch
from torch import Tensor


def color_matrices(contrast: Tensor, flipped: Tensor, angle: Tensor, saturation: Tensor) -> Tensor:
    """Return matrices [N, 3, 3] on colors (red, green, blue) relative to the middle of their range, from one number [N] of each kind.

    In their order: multiply by `contrast`, mirror at the plane of luma 0 if `flipped` is 1, turn by `angle` about the axis of grays, and
    multiply the distance from that axis by `saturation`.
    """
    one = torch.eye(3, device=contrast.device, dtype=contrast.dtype)
    gray = torch.full_like(one, 1 / 3)  # The projection on the axis of grays.
    cross = (one.roll(1, 0) - one.roll(-1, 0)) / 3**0.5  # The cross product with the unit vector of that axis.
    contrast, flipped, angle, saturation = (each[:, None, None] for each in (contrast, flipped, angle, saturation))
    turn = gray + (one - gray) * angle.cos() + cross * angle.sin()
    return (gray + (one - gray) * saturation) @ turn @ (one - 2 * gray * flipped) * contrast


def recolored(images: Tensor, brightness: Tensor, matrices: Tensor, middle: float) -> Tensor:
    """Add `brightness` [N] to images [N, C, H, W], and apply `matrices` [N, 3, 3] to their colors, relative to `middle`.

    Three channels are a color, and so are each three of a pack of color images. Otherwise every channel is a gray image, which takes part
    in what happens on the axis of grays: brightness, contrast and flips of luma.
    """
    n, channels, height, width = images.shape
    light = images - middle + brightness[:, None, None, None]
    if channels % 3:
        return middle + light * matrices.mean((1, 2))[:, None, None, None] * 3
    colors = light.reshape(n, channels // 3, 3, height * width)
    return middle + (matrices[:, None] @ colors).reshape(images.shape)
