"""Pictures as files: grids of images, PNG in and out. NumPy and Pillow only."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.core.errors import UserError
from landscape.core.files import write_bytes

GAP = 2
"""Pixels between the images of a grid."""
BACKGROUND = 255
MAX_PNG_PIXELS = 2**26


def grid(images: ArrayLike, columns: int, gap: int = GAP) -> NDArray[np.uint8]:
    """Images side by side, row by row.

    Args:
        images: uint8 (N, C, H, W), or floats in [0, 1] (rounded to levels); C is 1 or 3; an array or a CPU tensor.
        columns: images in a row; the last row is filled up with background.
        gap: pixels between images.

    Returns:
        uint8 (rows * H + gaps, columns * W + gaps, 3), or without the last axis for one channel.

    Raises:
        UserError: no images, another shape, values outside their range.
    """
    levels = as_levels(images)
    if levels.ndim != 4 or not len(levels) or levels.shape[1] not in (1, 3):
        raise UserError(f"a grid needs images of shape (N, 1 or 3, H, W), got {levels.shape}")
    if columns < 1:
        raise UserError(f"a grid needs at least one column, got {columns}")
    count, channels, height, width = levels.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), BACKGROUND, np.uint8)
    for i, image in enumerate(levels):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image.transpose(1, 2, 0)  # (H, W, C)
    return sheet if channels == 3 else sheet[..., 0]


def as_levels(values: ArrayLike) -> NDArray[np.uint8]:
    """uint8 levels as they are; floats in [0, 1] as round(255 x). UserError for anything else, NaN included."""
    array: NDArray[Any] = np.asarray(values)
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise UserError(f"images must be uint8 or floats in [0, 1], got {array.dtype}")
    if array.size and not (array.min() >= 0 and array.max() <= 1):
        raise UserError(f"float images must lie in [0, 1], got values from {array.min():g} to {array.max():g}")
    levels: NDArray[np.uint8] = np.rint(array * 255).astype(np.uint8)
    return levels


def png_bytes(picture: ArrayLike) -> bytes:
    """The PNG of uint8 (H, W), (H, W, 1) or (H, W, 3). Deterministic: nothing but the pixels is in it."""
    from PIL import Image

    levels = as_levels(picture)
    if levels.ndim == 3 and levels.shape[2] == 1:
        levels = levels[..., 0]
    if levels.ndim not in (2, 3) or 0 in levels.shape or (levels.ndim == 3 and levels.shape[2] != 3):
        raise UserError(f"a picture must have the shape (H, W) or (H, W, 3), got {levels.shape}")
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(levels)).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def write_png(path: Path, array: ArrayLike) -> None:
    """Write uint8 (H, W), (H, W, 1) or (H, W, 3) as PNG, whole or not at all.

    Raises:
        UserError: another shape or range; the folder cannot be written.
    """
    write_bytes(path, png_bytes(array))


def read_png(path: Path) -> NDArray[np.uint8]:
    """uint8 (H, W) or (H, W, 3) of a PNG; UserError naming the file if it is missing, damaged, or larger than `MAX_PNG_PIXELS`."""
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.width * image.height > MAX_PNG_PIXELS:
                raise UserError(f"{path}: {image.width}x{image.height} pixels are more than the limit of {MAX_PNG_PIXELS}")
            plain = image if image.mode in ("L", "RGB") else image.convert("RGB")
            return np.asarray(plain, dtype=np.uint8).copy()
    except UserError:
        raise
    # A damaged PNG makes Pillow raise struct.error, SyntaxError, ValueError, ... besides OSError.
    except Exception as error:
        raise UserError(f"cannot read the picture {path}: {str(error) or type(error).__name__}") from error
