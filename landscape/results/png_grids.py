"""Pictures as files: grids of images, and reading and writing PNG. This needs only NumPy and Pillow."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from landscape.core.errors import UserError
from landscape.core.files import write_bytes

GAP = 2
"""The number of pixels between the images of a grid."""
BACKGROUND = 255
MAX_PNG_PIXELS = 2**26


def grid(images: ArrayLike, columns: int, gap: int = GAP) -> NDArray[np.uint8]:
    """Place images side by side, row by row.

    Args:
        images: uint8 (N, C, H, W), or floats in [0, 1], which are rounded to levels. C is 1 or 3. An array or a CPU tensor.
        columns: The number of images in a row. The last row is filled up with background.
        gap: The number of pixels between images.

    Returns:
        uint8 (rows * H + gaps, columns * W + gaps, 3), or without the last axis for one channel.

    Raises:
        UserError: There are no images, they have another shape, or values are out of range.
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
    """Convert to uint8 levels: uint8 values stay as they are, and floats in [0, 1] become round(255 x).

    Raises:
        UserError: The values have another type or range, or are NaN.
    """
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
    """Encode uint8 levels or floats in [0, 1] of shape (H, W), (H, W, 1) or (H, W, 3) as PNG.

    The bytes depend only on the pixels.

    Raises:
        UserError: The picture has another shape or range.
    """
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
    """Write a picture of shape (H, W), (H, W, 1) or (H, W, 3) as PNG, completely or not at all.

    Raises:
        UserError: The picture has another shape or range, or the folder cannot be written.
    """
    write_bytes(path, png_bytes(array))


def read_png(path: Path) -> NDArray[np.uint8]:
    """Read a PNG as uint8 of shape (H, W) or (H, W, 3).

    Raises:
        UserError: The file is missing, damaged, or larger than `MAX_PNG_PIXELS`.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.width * image.height > MAX_PNG_PIXELS:
                raise UserError(f"{path}: {image.width}x{image.height} pixels are more than the limit of {MAX_PNG_PIXELS}")
            plain = image if image.mode in ("L", "RGB") else image.convert("RGB")
            return np.asarray(plain, dtype=np.uint8).copy()
    except UserError:
        raise
    # Besides OSError, Pillow raises struct.error, SyntaxError, ValueError and others for a damaged PNG.
    except Exception as error:
        raise UserError(f"cannot read the picture {path}: {str(error) or type(error).__name__}") from error
