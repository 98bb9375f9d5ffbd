"""Pictures in a folder of the user's."""

from collections.abc import Callable
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
    """The pictures in a folder and its sub-folders, in the order of their names.

    The largest central square of each picture is resized to the resolution. Gray and color pictures become what `channels` says, or what
    the first picture is. Transparent pictures are laid on white, levels of 16 bits are scaled to 8 bits, and CMYK and palettes become RGB.
    `Dataset.handling` says how many pictures were converted and how.

    Args:
        path: The folder. `folder:/path` is short for it.
        labels: Where labels are looked for. `auto` takes dataset.json (the layout of StyleGAN's tools) if there is one, otherwise
            sub-folders as classes, otherwise none.
        validation: The share of the pictures that is held out at random, unless a sub-folder gives this split.
        test: The same for the split `test`.
        split_seed: The seed with which pictures are held out.
        resample: The filter with which pictures are resized.
        splits: The folder of each split in `path`, as `{train: Train, test: Test}`. `auto` takes sub-folders whose names leave no doubt,
            and refuses those that do; `none` takes no folder for a split.
        levels: The range of the levels in the files if it is not that of their format: `12bit` for 12-bit data in 16-bit files, `1bit` for
            masks of 0 and 1. All pictures are scaled in the same way.
        request: What is asked for.

    Raises:
        UserError: The folder cannot be read or holds no pictures, a picture is damaged, or splits, labels or levels are in doubt.
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
    return prepared(
        request,
        "folder",
        files=[file for name, file in by_name.items() if is_picture(name) or file.name == INDEX],
        settings={"names": names_digest(collection), **options.plain()},
        open_source=lambda: arranged(collection, options, _reader(by_name, depths), lambda item: item[1], depths.require_used),
        fit=Fit(request.resolution, request.channels, resample),
    )


def _reader(by_name: dict[str, Path], depths: Depths) -> Callable[[str, str], tuple[Image.Image, tuple[str, ...]]]:
    """Return the function that reads a picture by its split and its name, with what was done to it."""

    def read(split: str, name: str) -> tuple[Image.Image, tuple[str, ...]]:
        return decode(read_bytes(by_name[name], MAX_PICTURE_BYTES), str(by_name[name]), depths)

    return read
