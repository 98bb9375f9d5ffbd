"""Random changes of batches of images.

They are differentiable and never wait for the device, because no index and no size depends on a value.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def per_sample_uniform(images: Tensor, low: float, high: float, shape: tuple[int, ...] = (1, 1, 1)) -> Tensor:
    """Draw uniform numbers in [low, high) for each image, of shape [N, *shape]."""
    return low + (high - low) * torch.rand(len(images), *shape, device=images.device, dtype=images.dtype)


def per_sample_integer(images: Tensor, low: int, high: int) -> Tensor:
    """Draw one integer for each image, uniform in low..high with both ends included, of shape [N, 1]."""
    return torch.randint(low, high + 1, (len(images), 1), device=images.device)


def flipped(images: Tensor) -> Tensor:
    """Mirror each image left to right with probability 1/2."""
    chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(chosen, images.flip(-1), images)


def shifted(images: Tensor, rows: Tensor, columns: Tensor, source: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Move images [N, C, H, W] down by `rows` and right by `columns`, which are integers of shape [N, 1].

    Args:
        images: The images.
        rows: How far each image moves down, in pixels.
        columns: How far each image moves right, in pixels.
        source: Maps (positions [N, size], size) to indices in 0..size - 1. It says which pixel a position outside the image is taken from.
    """
    n, channels, height, width = images.shape
    row = source(torch.arange(height, device=images.device) - rows, height)  # [N, H]
    column = source(torch.arange(width, device=images.device) - columns, width)  # [N, W]
    moved = images.gather(2, row[:, None, :, None].expand(n, channels, height, width))
    return moved.gather(3, column[:, None, None, :].expand(n, channels, height, width))


def mirrored(position: Tensor, size: int) -> Tensor:
    """Map positions outside the image by reflection at the border pixel, which is not repeated: -1 -> 1, size -> size - 2."""
    return (size - 1) - ((size - 1) - position.abs()).abs()


def clamped(position: Tensor, size: int) -> Tensor:
    """Map positions outside the image to the border pixel."""
    return position.clamp(0, size - 1)


def inside(offsets: Tensor, size: int) -> Tensor:
    """Return which of the positions 0..size - 1, moved back by `offsets` [N, 1], lie in the image: bool [N, size]."""
    position = torch.arange(size, device=offsets.device) - offsets
    return (position >= 0) & (position < size)
