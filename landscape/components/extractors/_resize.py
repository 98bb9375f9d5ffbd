"""Resizing as matrix products, with the interpolations that published extractors were trained or measured with."""

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=32)
def tensorflow_bilinear(size: int, target: int, device: torch.device) -> Tensor:
    """Return the matrix [target, size] of TensorFlow 1's bilinear resize.

    The resize has no aligned corners, no half-pixel shift and no antialiasing. Output i reads the input at position i * size / target,
    which is computed in float32 as in the original kernel. Beyond the last input, the last one is repeated.
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
    """Resize float32 images (N, C, H, W) to height x width with TensorFlow 1's bilinear resize.

    Images that already have this size are returned unchanged.
    """
    if images.shape[2] != height:
        images = tensorflow_bilinear(images.shape[2], height, images.device) @ images
    if images.shape[3] != width:
        images = images @ tensorflow_bilinear(images.shape[3], width, images.device).T
    return images
