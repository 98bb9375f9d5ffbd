"""Crops and resizes pictures exactly as published protocols do, to the pixel."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from landscape.components.datasets._preparing.pictures import as_array, from_array


def crop_or_pad(image: Image.Image, side: int) -> Image.Image:
    """Return the central square of `side` pixels, black where the picture is smaller.

    This is TensorFlow's `resize_image_with_crop_or_pad`.
    """
    left, top = (max(0, (size - side) // 2) for size in image.size)
    kept = image.crop((left, top, min(left + side, image.width), min(top + side, image.height)))
    if kept.size == (side, side):
        return kept
    sheet = Image.new(image.mode, (side, side))
    sheet.paste(kept, ((side - kept.width) // 2, (side - kept.height) // 2))
    return sheet


def center_crop(image: Image.Image, side: int) -> Image.Image:
    """Return the central square of `side` pixels as torchvision's `CenterCrop` cuts it: half pixels of odd margins are rounded to even."""
    left, top = (round((size - side) / 2) for size in image.size)
    return image.crop((left, top, left + side, top + side))


def bilinear_tf1(image: Image.Image, side: int) -> Image.Image:
    """Resize a picture to `side` x `side` as TensorFlow 1's `resize_images` does.

    It interpolates linearly between the two pixels nearest to i * scale, without antialiasing and without half-pixel centers. TensorFlow
    keeps the fractions; here they are rounded to levels, which is an error of at most half a level.
    """
    levels = as_array(image).astype(np.float64)  # (C, H, W)
    rows = _interpolate(levels, side, axis=1)
    both = _interpolate(rows, side, axis=2)
    return from_array(np.rint(both).astype(np.uint8))


def _interpolate(levels: NDArray[np.float64], side: int, axis: int) -> NDArray[np.float64]:
    size = levels.shape[axis]
    place = np.arange(side) * (size / side)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, size - 1)
    share = (place - low).reshape([-1 if i == axis else 1 for i in range(3)])
    near, far = levels.take(low, axis), levels.take(high, axis)
    interpolated: NDArray[np.float64] = near + (far - near) * share
    return interpolated
