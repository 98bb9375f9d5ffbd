"""Finds the large pictures of DIV2K, and the small ones that belong to them."""

import re
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from landscape.components.datasets._base import Request
from landscape.components.datasets._preparing.collection import is_picture
from landscape.components.datasets._preparing.pictures import size_of
from landscape.components.datasets._readers.files import IncompleteError, find, missing, natural_key, walk
from landscape.core.errors import UserError


class Large(NamedTuple):
    """A large picture."""

    file: Path
    size: tuple[int, int]
    """Its width and height in pixels."""
    small: Path | None
    """The small picture that belongs to it, or None."""
    factor: int
    """How many times larger it is than the small one; 1 without."""


def located(request: Request, train: str, test: str, lr: str) -> dict[str, list[Large]]:
    """Return the pictures of the folders `train` and `test`, in natural order (2.png before 10.png), under these two names.

    Args:
        request: Names the roots.
        train, test: The folders of the large pictures.
        lr: What stands behind `LR_` in the path of the small ones; "" for none.

    Raises:
        UserError: A folder is missing or holds no pictures, a picture is damaged, or a large one has no small one, several, or one of
            another shape.
    """
    folders = {"train": train, "test": test} | ({"small train": _small(train, lr), "small test": _small(test, lr)} if lr else {})
    if bad := next((folder for folder in folders.values() if not folder or ".." in folder or folder.startswith("/")), None):
        raise UserError(f"data set 'div2k': {bad!r} names no folder beside the others: give names such as DIV2K_train_HR and bicubic/X4")
    try:
        found = find(request, "div2k", {name: (folder,) for name, folder in folders.items()}, ("", "DIV2K"))
    except IncompleteError as error:
        missing(request, "div2k", f"{error.folder} has no {error.lacking}")
    if found is None:
        missing(request, "div2k")
    large = {split: _of_folder(found[split], found.get(f"small {split}")) for split in ("train", "test")}
    first, *others = [picture for pictures in large.values() for picture in pictures]
    if other := next((picture for picture in others if picture.factor != first.factor), None):
        sizes = f"{other.small} is 1/{other.factor} of its large picture, {first.small} 1/{first.factor}"
        raise UserError(f"{sizes}: give folders of pictures that are all as many times smaller")
    return large


def _small(folder: str, lr: str) -> str:
    return f"{folder.removesuffix('_HR')}_LR_{lr.strip('/')}"


def _files(folder: Path) -> list[Path]:
    found = [file for file in walk(folder).files if is_picture(file.name)]
    if not found:
        raise UserError(f"{folder} holds no pictures: unpack the archive of that name again")
    return sorted(found, key=lambda file: natural_key(file.relative_to(folder).as_posix()))


def _of_folder(folder: Path, small: Path | None) -> list[Large]:
    if small is None:
        return [Large(file, size_of(file), None, 1) for file in _files(folder)]
    partners: dict[str, Path] = {}
    for file in _files(small):
        stem = _without_factor(file)
        if stem in partners:
            raise UserError(
                f"{small} holds several pictures of {stem} ({partners[stem].name}, {file.name}): choose a folder with one of each"
            )
        partners[stem] = file
    found = []
    for file in _files(folder):
        if file.stem not in partners:
            raise UserError(f"{file} has no small picture in {small} ({file.stem}x4.png or the like): unpack both archives again")
        found.append(_paired(file, partners[file.stem]))
    return found


def _without_factor(file: Path) -> str:
    """Return the name of the large picture to which a small one belongs: `0001` for `0001x4.png`, `0001x4m.png` and `0001.png`."""
    found = re.fullmatch(r"(.+?)x\d+([a-z]\d*)?", PurePosixPath(file.name).stem)
    return found[1] if found else file.stem


def _paired(file: Path, small: Path) -> Large:
    (width, height), (small_width, small_height) = size_of(file), size_of(small)
    factor = max(1, round(width / small_width))
    if factor == 1 or any(side not in (of // factor, -(-of // factor)) for side, of in ((small_width, width), (small_height, height))):
        sizes = f"{small_width}x{small_height} pixels, {file} {width}x{height}"
        raise UserError(f"{small} has {sizes}, which is no whole number of times as many: unpack both archives again")
    return Large(file, (width, height), small, factor)
