"""Brings the levels of picture files to 8 bits, by one range for the whole set and never by the brightest pixel of a single picture."""

import threading
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image

from landscape.core.errors import UserError

DeclaredLevels = Literal["auto", "1bit", "8bit", "10bit", "12bit", "14bit", "16bit"]
"""The range of a set's levels, 0 to 2^bits - 1, as the user declares it. `auto` stands for the range of the format of the files."""
_BITS: dict[str, int] = {name: int(name.removesuffix("bit")) for name in get_args(DeclaredLevels) if name != "auto"}
_BITS_PER_SAMPLE = 258
"""The number of the TIFF tag that says how many bits a level has."""
_SUSPECT_BITS = 14
"""16-bit pictures none of which needs more than this many bits are taken to hold data of fewer bits."""


class Depths:
    """The range of a set's levels, and the part of 16 bits that its pictures have used so far. It can be used by several threads."""

    def __init__(self, declared: DeclaredLevels = "auto") -> None:
        self._declared = declared
        self._lock = threading.Lock()
        self._deep, self._brightest, self._name = 0, 0, ""

    def eight_bits(self, image: Image.Image, stored_bits: int, name: str) -> tuple[Image.Image, tuple[str, ...]]:
        """Bring the levels of a picture to 0..255.

        Args:
            image: A gray picture in one of Pillow's integer modes (`I`, `I;16`), or a picture in mode L or RGB.
            stored_bits: The number of bits of a level in the file, or 0 if the format does not say which range they stand for.
            name: The name of the picture in messages.

        Returns:
            The picture in mode L or RGB, and notes on its conversion.

        Raises:
            UserError: A level lies outside of the range, or the range is not known.
        """
        if image.mode in ("L", "RGB") and stored_bits > 8:
            return self._cut(image, stored_bits, name)
        bits = _BITS.get(self._declared, 8 if image.mode in ("L", "RGB") else stored_bits)
        if image.mode in ("L", "RGB") and bits == 8:
            return image, ()
        levels = np.asarray(image).astype(np.int64)
        low, high = int(levels.min()), int(levels.max())
        if bits == 0:
            held = f"{name} holds integers of 32 bits from {low} to {high}, whose range nothing tells"
            raise UserError(f"{held}: say levels: 8bit, 12bit or 16bit for the set, or convert it to 8 bits")
        top = 2**bits - 1
        if low < 0 or high > top or (image.mode in ("L", "RGB") and bits > 8):
            held = f"{name} holds levels from {low} to {high}" + (" in 8 bits" if image.mode in ("L", "RGB") else "")
            said = f"levels: {self._declared} says" if self._declared != "auto" else "its format says"
            raise UserError(f"{held}, where {said} 0 to {top}: say which levels the set has, or convert it to 8 bits")
        if self._declared == "auto":
            self._saw(high, name)
        note = f"{bits}-bit levels multiplied by 255" if bits == 1 else f"{bits}-bit levels divided by {top / 255:g}"
        scaled = ((levels * 510 + top) // (2 * top)).astype(np.uint8)
        return Image.fromarray(scaled), () if bits == 8 else (note,)

    def _cut(self, image: Image.Image, stored_bits: int, name: str) -> tuple[Image.Image, tuple[str, ...]]:
        """Take a picture of more than 8 bits in color or with transparency, of which Pillow gives the upper 8 bits."""
        if self._declared not in ("auto", "16bit"):
            raise UserError(
                f"{name} is a picture of {stored_bits} bits in color or with transparency, which is read by its upper 8 bits alone:"
                " convert it to 8 bits"
            )
        if self._declared == "auto":
            extrema: Any = image.getextrema()
            self._saw(int(np.max(extrema)) << 8, name)
        return image, (f"{stored_bits}-bit levels cut to their upper 8 bits",)

    def _saw(self, high: int, name: str) -> None:
        with self._lock:
            self._deep += 1
            if high >= self._brightest:
                self._brightest, self._name = high, name

    def require_used(self) -> None:
        """Check, after the last picture of the set, that its 16-bit pictures use their range.

        Raises:
            UserError: No level needs more than 14 bits. Of 12-bit data in 16-bit files, for example, 17 of 256 levels would be left.
        """
        if 0 < self._brightest < 2**_SUSPECT_BITS:
            bits = next(bits for bits in sorted(_BITS.values()) if bits >= 8 and self._brightest < 2**bits)
            seen = f"no level of the {self._deep} 16-bit pictures is above {self._brightest} ({self._name})"
            raise UserError(f"{seen}: say levels: {bits}bit if they hold {bits}-bit data, or levels: 16bit if they are that dark")


def stored_bits(image: Image.Image, data: bytes) -> int:
    """Return the number of bits of a level in the file of an opened picture, or 0 if the file does not say which range they stand for."""
    if image.format == "PNG":
        return data[24]
    if image.format == "TIFF":
        bits = max(getattr(image, "tag_v2").get(_BITS_PER_SAMPLE, (8,)))  # noqa: B009 (Pillow's type lacks it)
        return int(bits) if bits <= 16 and image.mode != "I" else 0
    # Pillow scales a PGM to the whole range of its mode, by the largest level that the header of the file names.
    return 16 if image.mode.startswith("I") else 8
