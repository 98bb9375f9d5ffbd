"""Anybody's pictures in a folder."""

from pathlib import Path

from PIL import Image

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.collection import (
    INDEX,
    MAX_INDEX_BYTES,
    Collection,
    CollectionOptions,
    Labelling,
    arranged,
    by_split_folder,
    is_picture,
    names_digest,
)
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
    request: Request,
) -> Dataset:
    """The pictures under `path`, in the order of their names.

    Mixed sizes: the largest centerd square of each is resized to the resolution. Mixed modes: gray and color become what `channels` says
    (None: as the first picture), transparency is laid on white, 16 bits become 8, CMYK and palettes RGB. `Dataset.handling` counts them.

    Args:
        path: of the folder; `folder:/path` for short.
        labels: `auto` takes dataset.json (StyleGAN's layout), else sub-folders as classes, else none.
        validation: fraction held out at random, unless there are sub-folders `train` and `validation` (`val`).
        test: as `validation`.
        split_seed: of that draw.
        resample: filter of the resize.
        request: what is asked for.
    """
    if not path:
        raise UserError("data set 'folder' needs a path: write folder:/path/to/pictures")
    root = Path(path).expanduser()
    files = walk(root)
    by_name = {file.relative_to(root).as_posix(): file for file in files}
    names = [name for name in by_name if is_picture(name)]
    collection = Collection(
        place=str(root),
        names=by_split_folder(names),
        index=lambda split: read_bytes(by_name[INDEX], MAX_INDEX_BYTES) if INDEX in by_name else None,
        skipped=len(files) - len(names) - (INDEX in by_name),
    )
    options = CollectionOptions(labels, {"validation": validation, "test": test}, split_seed)

    def read(split: str, name: str) -> tuple[Image.Image, tuple[str, ...]]:
        return decode(read_bytes(by_name[name], MAX_PICTURE_BYTES), str(by_name[name]))

    return prepared(
        request,
        "folder",
        files=files,
        settings={"names": names_digest(collection), **options.plain()},
        open_source=lambda: arranged(collection, options, read, lambda item: item[1]),
        fit=Fit(request.resolution, request.channels, resample),
    )
