"""Zips of pictures as a data set: one zip, or a folder with train.zip, validation.zip and test.zip."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from landscape.components.datasets._base import Dataset, Request
from landscape.components.datasets._preparing.collection import (
    INDEX,
    MAX_INDEX_BYTES,
    Collection,
    CollectionOptions,
    arranged,
    by_split_folder,
    is_picture,
)
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, Filter, Fit, decode
from landscape.components.datasets._preparing.prepare import Pictures, prepared
from landscape.components.datasets._readers.zips import Zip

SPLIT_ZIPS = {"train": ("train.zip",), "validation": ("validation.zip", "val.zip", "valid.zip"), "test": ("test.zip",)}


def split_zips(folder: Path) -> dict[str, Path]:
    """The zips in `folder` that are named after splits."""
    found = {split: next((folder / n for n in names if (folder / n).is_file()), None) for split, names in SPLIT_ZIPS.items()}
    return {split: path for split, path in found.items() if path is not None}


def from_zips(request: Request, name: str, paths: Mapping[str, Path], options: CollectionOptions, resample: Filter) -> Dataset:
    """The pictures of `paths` (by split; a single zip is given as `train`), in the order of their names."""
    return prepared(
        request,
        name,
        files=list(paths.values()),
        settings={"splits": list(paths), **options.plain()},
        open_source=lambda: _pictures(paths, options),
        fit=Fit(request.resolution, request.channels, resample),
    )


def _pictures(paths: Mapping[str, Path], options: CollectionOptions) -> Pictures:
    zips = {split: Zip(path) for split, path in paths.items()}
    names = {split: [n for n in opened.names if is_picture(n)] for split, opened in zips.items()}
    skipped = sum(len(opened.names) - len(names[split]) - (INDEX in opened) for split, opened in zips.items())
    # One zip may hold the splits as folders.
    parts = by_split_folder(names["train"]) if len(zips) == 1 else names
    home = {split: zips.get(split, zips["train"]) for split in parts}
    place = str(next(iter(paths.values()))) if len(paths) == 1 else str(next(iter(paths.values())).parent)

    def index(split: str) -> bytes | None:
        return home[split].read(INDEX, MAX_INDEX_BYTES) if INDEX in home[split] else None

    def read(split: str, name: str) -> tuple[Image.Image, tuple[str, ...]]:
        return decode(home[split].read(name, MAX_PICTURE_BYTES), f"{home[split].path}: {name}")

    return arranged(Collection(place, parts, index, skipped), options, read, lambda item: f"{home[item[0]].path.name}: {item[1]}")
