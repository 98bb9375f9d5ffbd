"""Printed digits beside handwritten ones, which need no files."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.components.datasets._preparing.memory import Array, in_memory
from landscape.components.datasets.digits import digits
from landscape.core.registry import PositiveInt, Seed

FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSansMono-Bold"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic"),
)
"""The fonts that digits are printed in, all of which come with matplotlib."""
SIDE, LARGE = 8, 64
"""The side of a sample, and of the picture in which its digit is drawn before it is made small, both in pixels."""
HELD_OUT = 30
"""The number of printed digits of each class in the splits validation and test, as of handwritten ones."""


@DATASETS.register(
    shape=(1, 8, 8),
    resolution=8,
    has_other=True,
    source="ships with scikit-learn (handwritten) and matplotlib (fonts), nothing to fetch",
    paper="Alpaydin & Kaynak 1998 (`digits`) for the handwritten ones; the printed ones are this project's own",
)
def printed_digits(*, per_class: PositiveInt = 120, seed: Seed = 0) -> Dataset:
    """Handwritten digits, which are the samples (`digits`), and beside them printed ones as `Dataset.other`, 8x8, gray, without pairs.

    A printed digit is drawn in one of eleven fonts, with a size, a shift and a tilt of its own, is made small by the mean of 8x8 pixels,
    and is rounded to the 17 levels of the handwritten ones. The versions of Pillow and of the fonts decide a few of its levels, and so
    the content hash.

    Args:
        per_class: The number of printed digits of each class to train on. Validation and test have 30 of each.
        seed: The seed of the draw of fonts, sizes, shifts and tilts.
    """
    handwritten = digits()
    random = np.random.RandomState(seed)
    printed = {name: _drawn(count, random) for name, count in (("train", per_class), ("validation", HELD_OUT), ("test", HELD_OUT))}
    return in_memory(
        "printed_digits",
        {
            name: (split.samples.numpy(), None if split.labels is None else split.labels.numpy())
            for name, split in handwritten.splits.items()
        },
        other=printed,
        classes=10,
        classifier="digits",
        handling={**handwritten.handling, "printed": f"{len(FONTS)} fonts, {per_class} of each class to train on, seed {seed}"},
    )


def _drawn(per_class: int, random: np.random.RandomState) -> tuple[Array, Array]:
    """Return printed digits uint8 (N, 1, 8, 8), as many of each class, and their classes (N,)."""
    labels = np.repeat(np.arange(10), per_class)
    return np.stack([_printed(int(label), random) for label in labels])[:, None], labels


def _printed(digit: int, random: np.random.RandomState) -> Array:
    font = _font(FONTS[random.randint(len(FONTS))], int(random.randint(66, 83)))
    right, down = random.uniform(-4, 4, 2)
    picture = Image.new("L", (LARGE, LARGE))
    ImageDraw.Draw(picture).text((LARGE / 2 + right, LARGE / 2 + down), str(digit), fill=255, font=font, anchor="mm")
    turned = np.asarray(picture.rotate(random.uniform(-8, 8), Image.Resampling.BILINEAR), dtype=np.float64)
    times = LARGE // SIDE
    mean = turned.reshape(SIDE, times, SIDE, times).mean((1, 3))
    levels: Array = np.rint(np.rint(mean * (16 / 255)) * (255 / 16)).astype(np.uint8)
    return levels


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf"), size)
