"""Random changes of images, batched, differentiable, and free of waits for the device (no index or size depends on a value)."""

from collections.abc import Callable

import torch
from torch import Tensor


def per_sample_uniform(images: Tensor, low: float, high: float) -> Tensor:
    """[N, 1, 1, 1] uniform in [low, high)."""
    return low + (high - low) * torch.rand(len(images), 1, 1, 1, device=images.device, dtype=images.dtype)


def per_sample_integer(images: Tensor, low: int, high: int) -> Tensor:
    """[N, 1] integers, uniform in low..high, both included."""
    return torch.randint(low, high + 1, (len(images), 1), device=images.device)


def flipped(images: Tensor) -> Tensor:
    """Each image mirrored left to right with probability 1/2."""
    chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(chosen, images.flip(-1), images)


def shifted(images: Tensor, rows: Tensor, columns: Tensor, source: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Images [N, C, H, W] moved down by `rows` and right by `columns` (integers [N, 1]).

    `source` (positions [N, size], size) -> indices in 0..size - 1 says where a position outside of the image is taken from.
    """
    n, channels, height, width = images.shape
    row = source(torch.arange(height, device=images.device) - rows, height)  # [N, H]
    column = source(torch.arange(width, device=images.device) - columns, width)  # [N, W]
    moved = images.gather(2, row[:, None, :, None].expand(n, channels, height, width))
    return moved.gather(3, column[:, None, None, :].expand(n, channels, height, width))


def mirrored(position: Tensor, size: int) -> Tensor:
    """Reflection at the border, the border pixel not repeated: -1 -> 1, size -> size - 2."""
    return (size - 1) - ((size - 1) - position.abs()).abs()


def clamped(position: Tensor, size: int) -> Tensor:
    """The border pixel repeated."""
    return position.clamp(0, size - 1)


def inside(offsets: Tensor, size: int) -> Tensor:
    """Which of the positions 0..size - 1, moved back by `offsets` [N, 1], lie in the image: [N, size] of bool."""
    position = torch.arange(size, device=offsets.device) - offsets
    return (position >= 0) & (position < size)
