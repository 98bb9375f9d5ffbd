"""Turns the bytes of a picture file into a uint8 array: decodes it within limits, and brings it to a mode, a square and a size."""

import contextlib
import io
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from landscape.components.datasets._base import Channels
from landscape.components.datasets._preparing.depths import Depths, stored_bits
from landscape.core.errors import UserError, reason_of

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM", "TIFF")
SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".tif", ".tiff"}
)
MAX_PICTURE_BYTES = 128 * 2**20
"""The size of the largest picture file that is read."""
MAX_PIXELS = 2**26
"""The number of pixels of the largest picture that is decoded (8192 x 8192). A small file may claim more, in order to exhaust memory."""

Filter = Literal["bicubic", "bilinear", "box", "lanczos"]
FILTERS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "box": Image.Resampling.BOX,
    "lanczos": Image.Resampling.LANCZOS,
}
FILTER_NOTE = "Pillow {}, antialiased (its support grows with the reduction)"

Picture = Image.Image | NDArray[np.uint8]
"""A picture in mode L or RGB, or an array (1, H, W) or (3, H, W)."""
_GRAY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N", "F"})
_LARGE_PIXELS = 2**23
_one_large_at_a_time = threading.Lock()
"""Held while a large picture is decoded, so that memory does not grow with the number of threads."""

# The limit above replaces Pillow's, and is checked before any pixel is decoded. Pillow's warnings about odd metadata help nobody here.
warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True)
class Fit:
    """How pictures are brought to one shape."""

    resolution: int | None = None
    """The side in pixels. None leaves squares at their size."""
    channels: Channels | None = None
    """1 for gray, 3 for color. None leaves pictures as they are."""
    filter: Filter = "bicubic"

    def describe(self) -> dict[str, str]:
        """Return the entries of `Dataset.handling` that describe this."""
        size = f"to {self.resolution}x{self.resolution}, {FILTER_NOTE.format(self.filter)}" if self.resolution else "none"
        return {"resize": size}


def decode(data: bytes, name: str, depths: Depths | None = None) -> tuple[Image.Image, tuple[str, ...]]:
    """Decode a picture to mode L or RGB. Photographs are turned upright by their EXIF tag.

    Args:
        data: The content of the file.
        name: The name of the picture in messages.
        depths: The range of levels in the set to which the picture belongs. None stands for the range of the file's format.

    Returns:
        The picture, and notes on what was converted or left out.

    Raises:
        UserError: The file is no picture, is truncated or larger than the limits, or has levels of an unknown range.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            pixels = image.width * image.height
            if pixels > MAX_PIXELS:
                raise UserError(
                    f"{name}: {image.width}x{image.height} pixels are more than the limit of {MAX_PIXELS}: leave it out or shrink it"
                )
            bits, further = stored_bits(image, data), _further_frames(image)
            with _one_large_at_a_time if pixels > _LARGE_PIXELS else contextlib.nullcontext():
                image.load()
                upright, turned = _upright(image)
                plain, notes = _eight_bits(upright, bits, name, depths or Depths())
                return plain, (*further, *turned, *notes)
    except UserError:
        raise
    except UnidentifiedImageError as error:  # Its text names the object and not the file.
        raise UserError(f"{name} cannot be read as a picture: it is damaged or not one of {', '.join(FORMATS)}") from error
    # A damaged file makes decoders raise many types (struct.error, SyntaxError, MemoryError, ...), which mean the same to the user.
    except Exception as error:
        raise UserError(
            f"{name} cannot be read as a picture ({reason_of(error)}): it is damaged or not one of {', '.join(FORMATS)}"
        ) from error


def size_of(file: Path) -> tuple[int, int]:
    """Return the width and height of a picture in pixels, as its file says them.

    Raises:
        UserError: The file is no picture.
    """
    try:
        with Image.open(file, formats=FORMATS) as image:
            return image.size
    # As in `decode`, a damaged file makes Pillow raise many types.
    except Exception as error:
        raise UserError(f"{file} cannot be read as a picture: it is damaged or not one of {', '.join(FORMATS)}") from error


def _further_frames(image: Image.Image) -> tuple[str, ...]:
    """Return a note if the file holds more than the one picture that is read."""
    with contextlib.suppress(Exception):  # The first picture is sound even if a later frame is damaged.
        if getattr(image, "n_frames", 1) > 1:
            return ("with frames after the first, which are left out",)
    return ()


def _upright(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    try:
        orientation = image.getexif().get(0x0112, 1)
    except Exception:  # The picture is sound even if its EXIF block is damaged.
        return image, ("unreadable EXIF block ignored",)
    if orientation in range(2, 9):
        return ImageOps.exif_transpose(image), ("turned upright by EXIF",)
    return image, ()


def _eight_bits(image: Image.Image, bits: int, name: str, depths: Depths) -> tuple[Image.Image, tuple[str, ...]]:
    mode = image.mode
    if mode == "F":
        raise UserError(f"{name} holds floating-point pixels of unknown range: convert it to 8 or 16 bits")
    if mode in ("L", "RGB") or mode.startswith("I"):
        return depths.eight_bits(image, bits, name)
    target = "L" if mode in _GRAY_MODES else "RGB"
    if mode in ("LA", "RGBA"):
        # Only the levels have a range; the last channel is a share of 255 in every set.
        levels, notes = depths.eight_bits(image.convert(target), bits, name)
        clear = levels.convert("RGBA")
        clear.putalpha(image.getchannel("A"))
        return _on_white(clear).convert(target), (*notes, f"{mode} laid on white")
    if image.has_transparency_data:
        return _on_white(image.convert("RGBA")).convert(target), (f"{mode} laid on white",)
    return image.convert(target), (f"{mode} to {target}",)


def _on_white(clear: Image.Image) -> Image.Image:
    """Return a picture in mode RGBA as it looks on a white ground."""
    return Image.alpha_composite(Image.new("RGBA", clear.size, (255, 255, 255, 255)), clear)


def center_square(image: Image.Image) -> Image.Image:
    """Return the largest central square. The extra pixel of an odd margin is cut at the right or at the bottom."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image if image.width == image.height else image.crop((left, top, left + side, top + side))


def to_channels(image: Image.Image, channels: Channels | None) -> Image.Image:
    """Convert a picture to gray by the luma weights of ITU-R 601 (Pillow's mode L), or to color by repeating gray."""
    mode = {None: image.mode, 1: "L", 3: "RGB"}[channels]
    return image if image.mode == mode else image.convert(mode)


def resized(image: Image.Image, side: int, kind: Filter) -> Image.Image:
    """Resize a picture to `side` x `side`.

    A box filter over whole pixels is applied in one step, because Pillow's `resize` would round after each axis.
    """
    if kind == "box" and image.width == image.height and image.width % side == 0:
        return image.reduce(image.width // side)
    return image if image.size == (side, side) else image.resize((side, side), FILTERS[kind])


def fitted(picture: Picture, fit: Fit) -> NDArray[np.uint8]:
    """Convert the channels of a picture, cut its central square and resize it, in this order; return uint8 (C, H, H)."""
    if isinstance(picture, np.ndarray) and picture.shape == (fit.channels or picture.shape[0], *[fit.resolution or picture.shape[2]] * 2):
        return picture
    image = from_array(picture) if isinstance(picture, np.ndarray) else picture
    square = center_square(to_channels(image, fit.channels))
    return as_array(square if fit.resolution is None else resized(square, fit.resolution, fit.filter))


def as_array(image: Image.Image) -> NDArray[np.uint8]:
    """Return a picture in mode L or RGB as an array, uint8 (1, H, W) or (3, H, W)."""
    levels = np.asarray(image, dtype=np.uint8)
    return levels[None] if levels.ndim == 2 else np.ascontiguousarray(levels.transpose(2, 0, 1))


def from_array(levels: NDArray[np.uint8]) -> Image.Image:
    """Return a uint8 array (1, H, W) or (3, H, W) as a picture."""
    return Image.fromarray(levels[0]) if levels.shape[0] == 1 else Image.fromarray(np.ascontiguousarray(levels.transpose(1, 2, 0)))
