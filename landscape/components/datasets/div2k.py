"""DIV2K, and folders laid out like it: large pictures of unequal sizes, cut into squares."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.cache import INPUTS
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, Fit, decode
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._preparing.split import by_fraction
from landscape.components.datasets._readers.div2k_files import Large, located
from landscape.components.datasets._readers.files import read_bytes
from landscape.core.cpu_count import cores
from landscape.core.errors import UserError
from landscape.core.registry import Fraction, PositiveInt, Seed

SIDE = 96
Square = tuple[Large, int, int]
"""A picture, and the left and the top of a square in it, in pixels of the large picture."""


@DATASETS.register(
    shape=(3, 96, 96),
    resolution=96,
    labeled=False,
    source=(
        "fetch DIV2K_train_HR.zip and DIV2K_valid_HR.zip (800 and 100 pictures) from DIV2K's page at ETH Zurich and unpack them as "
        "DIV2K_train_HR/ and DIV2K_valid_HR/; for div2k:lr=bicubic/X4 also DIV2K_train_LR_bicubic/X4/ and DIV2K_valid_LR_bicubic/X4/"
    ),
    paper="Agustsson & Timofte 2017, NTIRE 2017 Challenge on Single Image Super-Resolution",
)
def div2k(
    *,
    lr: str = "",
    crops: PositiveInt | None = None,
    crop_seed: Seed = 0,
    train: str = "DIV2K_train_HR",
    test: str = "DIV2K_valid_HR",
    validation: Fraction = 0.1,
    split_seed: Seed = 0,
    request: Request,
) -> Dataset:
    """Squares of photographs of about 2040 x 1400 pixels, color, 96x96 by default, cut without scaling and without overlap.

    The training split is cut from DIV2K's 800 training pictures, and the test split from its 100 validation pictures, because its own test
    pictures are not public. No picture has squares in two splits.

    Args:
        lr: The folder of the small pictures that belong to the large ones, behind `DIV2K_train_LR_`: `bicubic/X4`, `unknown/X2`, `mild` or
            `x8`. The same square of the small picture then belongs to each sample, which `super_resolution:given=true` makes the condition.
            "" leaves them out, and `super_resolution` makes small images of the squares.
        crops: The number of squares of each picture, drawn with `crop_seed` from a grid that begins at the left and at the top. None stands
            for all of them, which take as much memory as the pictures: 6.5 GB.
        crop_seed: The seed of that draw.
        train, test: The folders of the large pictures. Those of the small ones have `LR_` and `lr` in the place of `HR`.
        validation: The share of the training pictures that is held out at random. With 0 the splits are DIV2K's own.
        split_seed: The seed with which they are held out.
        request: What is asked for; the resolution is the side of the squares.

    Raises:
        UserError: Files are missing or damaged, a picture is smaller than a square, or a small picture is not a large one at 1 / 2, 1 / 3
            and so on of its size.
    """
    large = located(request, train, test, lr)
    side = request.resolution or SIDE
    held_out = by_fraction(len(large["train"]), {"validation": validation} if validation else {}, split_seed, train)
    parts = {split: [large["train"][i] for i in index] for split, index in held_out.items()} | {"test": large["test"]}
    everything = [picture for pictures in large.values() for picture in pictures]
    for picture in everything:
        if min(picture.size) < side or side % picture.factor:
            width, height = picture.size
            small = f", and its small one 1/{picture.factor} of that" if picture.small else ""
            raise UserError(
                f"{picture.file} has {width}x{height} pixels{small}: squares of {side} cannot be cut: choose another --resolution"
            )
    return prepared(
        request,
        "div2k",
        files=[file for picture in everything for file in (picture.file, picture.small) if file],
        settings={
            "side": side,
            "lr": lr,
            "crops": [crops, crop_seed],
            "splits": {split: [picture.file.name for picture in pictures] for split, pictures in parts.items()},
        },
        open_source=lambda: _pictures({split: held for split, held in parts.items() if held}, side, crops, crop_seed, bool(lr)),
        fit=Fit(None, request.channels or 3),
    )


def _pictures(parts: dict[str, list[Large]], side: int, crops: int | None, seed: int, has_small: bool) -> Pictures:
    random = np.random.RandomState(seed)
    splits: dict[str, SplitSource] = {}
    for split, pictures in parts.items():
        squares = [square for picture in pictures for square in _squares(picture, side, crops, random)]
        splits[split] = SplitSource([(False, square) for square in squares], len(squares))
        if has_small:
            splits[f"{split}{INPUTS}"] = SplitSource([(True, square) for square in squares], len(squares), own_size=True)

    @lru_cache(2 * cores())
    def opened(file: Path) -> tuple[Image.Image, tuple[str, ...]]:
        """Decode a picture once for all of its squares, which follow one another."""
        return decode(read_bytes(file, MAX_PICTURE_BYTES), str(file))

    def read(item: tuple[bool, Square]) -> tuple[Image.Image, tuple[str, ...]]:
        is_small, (picture, left, top) = item
        image, notes = opened(picture.small if is_small and picture.small else picture.file)
        by = picture.factor if is_small else 1
        return image.crop((left // by, top // by, (left + side) // by, (top + side) // by)), notes

    drawn = "all" if crops is None else f"at most {crops} of each picture, seed {seed}"
    counts = ", ".join(f"{len(pictures)} {split}" for split, pictures in parts.items())
    handling = {"crop": f"squares of a grid of {side}x{side}: {drawn}", "split": f"by pictures: {counts}"}
    return Pictures(
        splits, read, handling=handling, describe=lambda item: f"{item[1][0].file}, {item[1][1]} from the left, {item[1][2]} from the top"
    )


def _squares(picture: Large, side: int, crops: int | None, random: np.random.RandomState) -> list[Square]:
    width, height = picture.size
    grid = [(picture, left, top) for top in range(0, height - side + 1, side) for left in range(0, width - side + 1, side)]
    return grid if crops is None else [grid[i] for i in sorted(random.permutation(len(grid))[:crops])]
