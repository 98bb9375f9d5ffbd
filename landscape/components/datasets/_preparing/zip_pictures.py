"""Prepares the pictures of one zip, or of train.zip, validation.zip and test.zip in a folder, as a data set."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from landscape.components.datasets._base import Dataset, Request
from landscape.components.datasets._preparing.collection import (
    MAX_INDEX_BYTES,
    Collection,
    CollectionOptions,
    arranged,
    index_place,
    is_picture,
    not_read,
)
from landscape.components.datasets._preparing.depths import Depths
from landscape.components.datasets._preparing.labels import INDEX
from landscape.components.datasets._preparing.layout import Layout, laid_out
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, Filter, Fit, decode
from landscape.components.datasets._preparing.prepare import Pictures, prepared
from landscape.components.datasets._readers.zips import Zip
from landscape.core.errors import UserError

SPLIT_ZIPS = {"train": ("train.zip",), "validation": ("validation.zip", "val.zip", "valid.zip"), "test": ("test.zip",)}


def split_zips(folder: Path) -> dict[str, Path]:
    """Return the zips in a folder that are named after splits, by split."""
    found = {split: next((folder / n for n in names if (folder / n).is_file()), None) for split, names in SPLIT_ZIPS.items()}
    return {split: path for split, path in found.items() if path is not None}


def from_zips(request: Request, name: str, paths: Mapping[str, Path], options: CollectionOptions, resample: Filter) -> Dataset:
    """Prepare the pictures of zips, in the order of their names.

    Args:
        request: What is asked for.
        name: The name of the data set.
        paths: The zips by split. A single zip is given as `train`.
        options: How the pictures are divided and labeled.
        resample: The filter with which they are resized.

    Raises:
        UserError: A zip is damaged or holds no pictures, or the division or the labels cannot be read from it.
    """
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
    place = str(next(iter(paths.values()))) if len(paths) == 1 else str(next(iter(paths.values())).parent)
    layouts = _layouts(zips, options, place)
    home = {split: zips.get(split, zips["train"]) for split in layouts}

    def index(split: str) -> tuple[str, bytes] | None:
        where = index_place(layouts[split], split, home[split].__contains__)
        return None if where is None else (where, home[split].read(f"{where}{INDEX}", MAX_INDEX_BYTES))

    depths = Depths(options.levels)

    def read(split: str, name: str) -> tuple[Image.Image, tuple[str, ...]]:
        return decode(home[split].read(name, MAX_PICTURE_BYTES), f"{home[split].path}: {name}", depths)

    collection = Collection(
        place,
        {split: layout.names[split] for split, layout in layouts.items()},
        {split: layout.homes[split] for split, layout in layouts.items()},
        index,
        not_read(name for opened in zips.values() for name in opened.names),
        layouts["train"].left_out,
    )
    return arranged(collection, options, read, lambda item: f"{home[item[0]].path.name}: {item[1]}", depths.require_used)


def _layouts(zips: Mapping[str, Zip], options: CollectionOptions, place: str) -> dict[str, Layout]:
    """Return, for each split, the layout of the zip that holds it. A single zip may hold splits as folders; otherwise each zip is one."""
    names = {split: [n for n in opened.names if is_picture(n)] for split, opened in zips.items()}
    if len(zips) == 1:
        layout = laid_out(names["train"], options.splits, place, "zip", zips["train"].__contains__)
        return dict.fromkeys(layout.names, layout)
    if options.splits != "auto":
        raise UserError(f"{place} gives the splits as {', '.join(sorted(z.path.name for z in zips.values()))}: leave splits out")
    layouts = {}
    for split, opened in zips.items():
        whole = laid_out(names[split], "none", place, "zip", opened.__contains__)
        layouts[split] = Layout({split: whole.names["train"]}, {split: whole.homes["train"]}, whole.root)
    return layouts
