"""Resizing as matrix products: the interpolations that published extractors were trained or measured with."""

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=32)
def tensorflow_bilinear(size: int, target: int, device: torch.device) -> Tensor:
    """[target, size] matrix of TensorFlow 1's bilinear resize (corners not aligned, no half-pixel shift, no antialiasing).

    Output i reads input position i * size / target, in float32 as the original kernel; beyond the last sample it repeats it.
    """
    position = torch.arange(target, dtype=torch.float32) * torch.tensor(size / target, dtype=torch.float32)
    low = position.long().clamp_max(size - 1)
    high = (low + 1).clamp_max(size - 1)
    share = position - low
    matrix = torch.zeros(target, size)
    rows = torch.arange(target)
    matrix[rows, low] += 1 - share
    matrix[rows, high] += share
    return matrix.to(device)


def resize_like_tensorflow(images: Tensor, height: int, width: int) -> Tensor:
    """float32 images (N, C, H, W) at height x width by TensorFlow 1's bilinear resize; unchanged where they have that size."""
    if images.shape[2] != height:
        images = tensorflow_bilinear(images.shape[2], height, images.device) @ images
    if images.shape[3] != width:
        images = images @ tensorflow_bilinear(images.shape[3], width, images.device).T
    return images
