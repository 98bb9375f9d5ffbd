"""Crops and the resize of published protocols, to the pixel."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from landscape.components.datasets._preparing.pictures import as_array, from_array


def crop_or_pad(image: Image.Image, side: int) -> Image.Image:
    """The centerd square of `side`, black where the picture is smaller: TensorFlow's `resize_image_with_crop_or_pad`."""
    left, top = (max(0, (size - side) // 2) for size in image.size)
    kept = image.crop((left, top, min(left + side, image.width), min(top + side, image.height)))
    if kept.size == (side, side):
        return kept
    sheet = Image.new(image.mode, (side, side))
    sheet.paste(kept, ((side - kept.width) // 2, (side - kept.height) // 2))
    return sheet


def center_crop(image: Image.Image, side: int) -> Image.Image:
    """As torchvision's `CenterCrop`: `crop_or_pad`, but odd margins are rounded half to even."""
    left, top = (round((size - side) / 2) for size in image.size)
    return image.crop((left, top, left + side, top + side))


def bilinear_tf1(image: Image.Image, side: int) -> Image.Image:
    """TensorFlow 1's `resize_images`: bilinear between the two nearest pixels at i * scale, without antialiasing or half-pixel centers.

    The original keeps the fractions; here they are rounded to levels (an error of at most half a level).
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
