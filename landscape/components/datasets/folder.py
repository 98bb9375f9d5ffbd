"""Anybody's pictures in a folder."""

from pathlib import Path

from PIL import Image

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.collection import (
    MAX_INDEX_BYTES,
    Collection,
    CollectionOptions,
    arranged,
    index_place,
    is_picture,
    names_digest,
    not_read,
)
from landscape.components.datasets._preparing.depths import DeclaredLevels, Depths
from landscape.components.datasets._preparing.labels import INDEX, Labelling
from landscape.components.datasets._preparing.layout import GivenSplits, laid_out
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, Filter, Fit, decode
from landscape.components.datasets._preparing.prepare import prepared
from landscape.components.datasets._readers.files import read_bytes, walk
from landscape.core.errors import UserError
from landscape.core.registry import Fraction, Seed


@DATASETS.register(
    resolution=64, source="folder:/path with pictures (PNG, JPEG, WebP, BMP, GIF, PPM, TIFF), sub-folders as classes or dataset.json"
)
def folder(
    *,
    path: str = "",
    labels: Labelling = "auto",
    validation: Fraction = 0.1,
    test: Fraction = 0.1,
    split_seed: Seed = 0,
    resample: Filter = "bicubic",
    splits: GivenSplits = "auto",
    levels: DeclaredLevels = "auto",
    request: Request,
) -> Dataset:
    """The pictures under `path`, in the order of their names.

    Mixed sizes: the largest centerd square of each is resized to the resolution. Mixed modes: gray and color become what `channels` says
    (None: as the first picture), transparency is laid on white, 16 bits become 8, CMYK and palettes RGB. `Dataset.handling` counts them.

    Args:
        path: of the folder; `folder:/path` for short.
        labels: `auto` takes dataset.json (StyleGAN's layout), else sub-folders as classes, else none.
        validation: fraction held out at random, unless a sub-folder gives this split.
        test: as `validation`.
        split_seed: of that draw.
        resample: filter of the resize.
        splits: the folder of each split below `path`, `{train: Train, test: Test}`; `auto` takes sub-folders whose names say so and
            refuses what is in doubt; `none` takes no folder for a split.
        levels: the range of the levels in the files, where it is not that of their format: `12bit` for 12-bit data in 16-bit files, `1bit`
            for masks of 0 and 1. Every picture is scaled alike.
        request: what is asked for.
    """
    if not path:
        raise UserError("data set 'folder' needs a path: write folder:/path/to/pictures")
    root = Path(path).expanduser()
    walked = walk(root)
    by_name = {file.relative_to(root).as_posix(): file for file in walked.files}
    layout = laid_out([name for name in by_name if is_picture(name)], splits, str(root), "folder", by_name.__contains__)

    def index(split: str) -> tuple[str, bytes] | None:
        where = index_place(layout, split, by_name.__contains__)
        return None if where is None else (where, read_bytes(by_name[f"{where}{INDEX}"], MAX_INDEX_BYTES))

    collection = Collection(str(root), layout.names, layout.homes, index, not_read(by_name, len(walked.dead_links)), layout.left_out)
    options = CollectionOptions(labels, {"validation": validation, "test": test}, split_seed, splits, levels)

    depths = Depths(levels)

    def read(split: str, name: str) -> tuple[Image.Image, tuple[str, ...]]:
        return decode(read_bytes(by_name[name], MAX_PICTURE_BYTES), str(by_name[name]), depths)

    return prepared(
        request,
        "folder",
        files=[file for name, file in by_name.items() if is_picture(name) or file.name == INDEX],
        settings={"names": names_digest(collection), **options.plain()},
        open_source=lambda: arranged(collection, options, read, lambda item: item[1], depths.require_used),
        fit=Fit(request.resolution, request.channels, resample),
    )
