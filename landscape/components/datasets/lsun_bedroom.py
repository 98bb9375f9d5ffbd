"""LSUN bedrooms."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.crops import center_crop, crop_or_pad
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, Fit, decode, resized
from landscape.components.datasets._preparing.prepare import Pictures, Reader, SplitSource, prepared
from landscape.components.datasets._readers.child import Child
from landscape.components.datasets._readers.download import LSUN_BEDROOM, found_or_fetched
from landscape.components.datasets._readers.files import find, picture_files, read_bytes
from landscape.core.errors import UserError

Crop = Literal["compare_gan", "mimicry"]
SIDE = 128
PUBLISHED_COUNT, PUBLISHED_TEST = 3_033_042, 30_588
DATABASE = {"file": ("bedroom_train_lmdb/data.mdb", "data.mdb")}
CROPS = {"compare_gan": "central 128x128, black where smaller", "mimicry": "central 256x256"}


@DATASETS.register(
    shape=(3, 128, 128),
    resolution=128,
    labeled=False,
    source="bedroom_train_lmdb/ (data.mdb) from http://dl.yf.io/lsun/scenes/bedroom_train_lmdb.zip"
    " (45.9 GB, SHA-256 a15644c2e7153106867f0adb3491fc41224102d1f01b24494fb47d9f5d1f174e), unpacked,"
    " or its pictures exported into a folder bedroom_train/",
    downloads=True,
    paper="Yu et al. 2015, arXiv:1506.03365; split of Kurach et al. 2019 (1% for test)",
)
def lsun_bedroom(*, crop: Crop = "compare_gan", validation: bool = True, request: Request) -> Dataset:
    """LSUN's bedrooms, about 3 million photographs whose shorter side is 256, color; at 128x128 they take 149 GB in the cache.

    The last 1% in the order of the keys is the test split, 30,588 pictures of the published set. The paper took the last of 100 shards.

    Args:
        crop: `compare_gan` cuts the central 128x128 pixels (black where the picture is smaller) without a resize, as Kurach et al. 2019
            did; `mimicry` cuts the central 256x256 pixels and resizes them with Pillow's bilinear filter, which gives another distribution.
        validation: Whether another 1% before the test split is held out. False trains on it, as published.
        request: What is asked for.
    """
    side = request.resolution or SIDE
    read = _reader(crop, side)
    path, pictures = _located(request, PUBLISHED_COUNT * (request.channels or 3) * side**2)
    files = [path] if path else pictures
    if path:

        def open_source() -> Pictures:
            return _from_database(path, read, crop, validation)
    else:

        def open_source() -> Pictures:
            items = ((str(f), f) for f in files)
            return _split(items, len(files), lambda item: read(read_bytes(item[1], MAX_PICTURE_BYTES), item[0]), crop, validation)

    return prepared(
        request,
        "lsun_bedroom",
        files=files,
        settings={"crop": crop, "validation": validation},
        open_source=open_source,
        # The resolution is left out if the crop has it already, because nothing is resized then.
        fit=Fit(
            None if side == SIDE and crop == "compare_gan" else side,
            request.channels or 3,
            "bicubic" if crop == "compare_gan" else "bilinear",
        ),
    )


def _located(request: Request, prepared_bytes: int) -> tuple[Path | None, list[Path]]:
    """Find the database, or pictures if there is no database. Download the database if there is neither."""

    def database(where: Request) -> dict[str, Path] | None:
        return find(where, "lsun_bedroom", DATABASE, ("", "lsun"))

    if not (found := database(request)):
        if pictures := picture_files(request, "lsun_bedroom", ("bedroom_train", "bedroom", "lsun/bedroom_train")):
            return None, pictures
        found = found_or_fetched(request, "lsun_bedroom", LSUN_BEDROOM, database, then=prepared_bytes)
    return found["file"], []


def _reader(crop: Crop, side: int) -> Any:
    def read(data: bytes, name: str) -> tuple[Image.Image, tuple[str, ...]]:
        image, notes = decode(data, name)
        cut = crop_or_pad(image, SIDE) if crop == "compare_gan" else resized(center_crop(image, 2 * SIDE), side, "bilinear")
        return cut, notes

    return read


def _from_database(path: Path, read: Any, crop: Crop, validation: bool) -> Pictures:
    values = _values(path)
    count = int(next(values))
    if not count:
        raise UserError(f"{path} holds no pictures: fetch it again")
    items = ((f"{path}, picture {i}", value) for i, value in enumerate(values))
    return _split(items, count, lambda item: read(item[1], item[0]), crop, validation)


def _values(path: Path) -> Iterator[Any]:
    """Yield the number of values in the database, and then each value."""
    with Child("landscape.components.datasets._readers.lmdb_child", path) as child:
        count = child.header()["count"]
        yield count
        yield from child.frames(count, MAX_PICTURE_BYTES)
        child.finish()


def _split(items: Iterable[tuple[str, Any]], count: int, read: Reader, crop: Crop, validation: bool) -> Pictures:
    test = PUBLISHED_TEST if count == PUBLISHED_COUNT else max(1, round(count / 100))
    held_out = test if validation else 0
    train = count - test - held_out
    if train < 1:
        raise UserError(f"LSUN bedrooms: {count} pictures are too few to split: fetch the whole set")
    stream = iter(items)
    # All splits read from one stream, so that they have to be consumed in this order.
    sizes = {"train": train, "validation": held_out, "test": test}
    splits = {name: SplitSource(islice(stream, size), size) for name, size in sizes.items() if size}
    before = f", {held_out:,} before them for validation" if held_out else ""
    handling = {"crop": CROPS[crop], "split": f"last {test:,} of {count:,} for test{before}"}
    return Pictures(splits, read, handling=handling, describe=lambda item: item[0])
