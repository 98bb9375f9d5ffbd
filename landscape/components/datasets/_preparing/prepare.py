"""Picture by picture into the cache: decode and fit in threads, write in order."""

import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._base import Dataset, Request
from landscape.components.datasets._preparing.cache import cached
from landscape.components.datasets._preparing.pictures import Fit, Picture, fitted
from landscape.components.datasets._readers.files import shown
from landscape.core.cpu_count import cores
from landscape.core.errors import UserError
from landscape.core.file_digests import contents_of
from landscape.core.progress import progress

Levels = NDArray[np.uint8]
Reader = Callable[[Any], tuple[Picture, tuple[str, ...]]]
_CHUNK = 64
"""Pictures handed to a thread at once."""


@dataclass(frozen=True)
class SplitSource:
    """One split before preparation: `count` items for the reader, and their labels."""

    items: Iterable[Any]
    count: int
    labels: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Pictures:
    """A data set before preparation. Splits without items are left out.

    `read` turns an item into a picture (mode L or RGB, or an array) and notes on its conversion, in threads. `describe` names an item.
    """

    splits: Mapping[str, SplitSource]
    read: Reader
    classes: int | None = None
    handling: Mapping[str, str] = field(default_factory=dict)
    describe: Callable[[Any], str] = str
    classifier: str = ""
    check: Callable[[], None] = lambda: None
    """Called after the last picture: raises a UserError about what only all of them together show."""


def prepared(
    request: Request,
    name: str,
    *,
    files: Sequence[Path],
    settings: Mapping[str, Any],
    open_source: Callable[[], Pictures],
    fit: Fit | None = None,
) -> Dataset:
    """The data set of `files` under `settings`, from the cache or prepared now.

    Args:
        request: what is asked for, and where to keep it.
        name: of the data set.
        files: every file whose content decides the outcome, in a fixed order.
        settings: plain data that decides the outcome besides.
        open_source: opens the files; called only where the data are not prepared yet.
        fit: how pictures are brought to one shape; None for what is asked for.

    Raises:
        UserError: a damaged file, a file that changes meanwhile, counts that do not match, mixed sizes without a resolution, no room in
            the cache.
    """
    fit = fit or Fit(request.resolution, request.channels)
    contents = contents_of(files, request.digests, shown(name), reread=request.verify, shows=request.progress)
    identity = {"contents": contents.digest, "settings": settings, "fit": [fit.resolution, fit.channels, fit.filter]}

    def fill(folder: Path) -> dict[str, Any]:
        facts = _fill(folder, name, open_source(), fit, request.progress)
        contents.require_untouched()
        return facts

    return cached(request, name, identity, fill)


def _fill(folder: Path, name: str, pictures: Pictures, fit: Fit, shows: bool) -> dict[str, Any]:
    total = sum(s.count for s in pictures.splits.values())
    if not total:
        raise UserError(f"data set {shown(name)!r} holds no pictures")
    writer = _Writer(folder, shown(name), total)
    with progress(f"landscape: preparing {shown(name)}", total, shows) as advance, ThreadPoolExecutor(cores()) as pool:
        for split, source in pictures.splits.items():
            if source.count:
                writer.write(split, source, _ordered(pool, pictures, source.items, fit, advance))
    pictures.check()
    writer.require_levels()
    handling = {**fit.describe(), **pictures.handling, **writer.handling()}
    return {"classes": pictures.classes, "handling": handling, "classifier": pictures.classifier}


def _cropped(picture: Picture) -> tuple[str, ...]:
    height, width = picture.shape[1:] if isinstance(picture, np.ndarray) else picture.size
    return () if height == width else ("cropped to the center square",)


Fitted = tuple[str, Levels, tuple[str, ...]]


def _ordered(
    pool: ThreadPoolExecutor, pictures: Pictures, items: Iterable[Any], fit: Fit, advance: Callable[[int], None]
) -> Iterator[Fitted]:
    """(name, array, notes) of each item in order; a few chunks are under way at a time, so memory stays bounded."""

    def work(chunk: list[Any]) -> list[Fitted]:
        done = []
        for item in chunk:
            picture, notes = pictures.read(item)
            done.append((pictures.describe(item), fitted(picture, fit), (*notes, *_cropped(picture))))
        return done

    waiting: deque[Future[list[Fitted]]] = deque()
    stream = iter(items)
    try:
        while chunk := list(islice(stream, _CHUNK)):
            waiting.append(pool.submit(work, chunk))
            if len(waiting) > 2 * cores():
                done = waiting.popleft().result()
                yield from done
                advance(len(done))
        while waiting:
            done = waiting.popleft().result()
            yield from done
            advance(len(done))
    finally:
        for future in waiting:
            future.cancel()


class _Writer:
    """Writes splits as .npy files, one shape for all, and counts what was converted.

    Written as a stream, not through a memory map: a full disk is then an error, where a map would be a SIGBUS.
    """

    def __init__(self, folder: Path, name: str, total: int) -> None:
        self._folder, self._name, self._total = folder, name, total
        self._shape: tuple[int, ...] | None = None
        self._first = ""
        self._notes: Counter[str] = Counter()
        self._brightest = 0

    def write(self, split: str, source: SplitSource, arrays: Iterator[Fitted]) -> None:
        first = next(arrays, None)
        if first is None:
            raise UserError(f"data set {self._name!r}: {split} should hold {source.count} pictures, found none")
        if self._shape is None:
            self._begin(first)
        written = 0
        with (self._folder / f"{split}.npy").open("wb") as file:
            _write_header(file, (source.count, *(self._shape or ())))
            for name, array, notes in chain([first], arrays):
                file.write(self._checked(name, array).tobytes())
                if self._brightest <= 1:  # once a level is above 1, none needs to be looked at
                    self._brightest = max(self._brightest, int(array.max()))
                self._notes.update(notes)
                written += 1
            file.flush()
            os.fsync(file.fileno())
        if written != source.count:
            raise UserError(f"data set {self._name!r}: {split} should hold {source.count} pictures, found {written}")
        if source.labels is not None:
            np.save(self._folder / f"{split}-labels.npy", source.labels.astype(np.int64), allow_pickle=False)

    def require_levels(self) -> None:
        """Check that the pictures use more than the two darkest of 256 levels. Pictures that are black throughout pass.

        Raises:
            UserError: they are pictures of 0 and 1.
        """
        if self._brightest == 1:
            seen = f"data set {self._name!r}: no level of its {self._total} pictures is above 1, where 255 is white"
            raise UserError(f"{seen}: for masks of 0 and 1 say levels: 1bit (folders and zips), or multiply them by 255")

    def handling(self) -> dict[str, str]:
        channels = {1: "gray", 3: "RGB"}[(self._shape or (3,))[0]]
        notes = ", ".join(f"{count} of {self._total} {note}" for note, count in sorted(self._notes.items()))
        return {"channels": channels} | ({"converted": notes} if notes else {})

    def _begin(self, first: Fitted) -> None:
        self._first, array, _ = first
        self._shape = array.shape
        need, free = self._total * array.nbytes, shutil.disk_usage(self._folder).free
        if need > free:
            raise UserError(
                f"preparing {self._name!r} needs {need / 1e9:.1f} GB in {self._folder.parent}, which has {free / 1e9:.1f} GB free: "
                "free some, set LANDSCAPE_CACHE to another disk, or ask for a lower resolution"
            )

    def _checked(self, name: str, array: Levels) -> Levels:
        assert self._shape is not None
        if array.shape == self._shape:
            return array
        if array.shape[1:] != self._shape[1:]:
            sizes = f"{name} is {array.shape[2]}x{array.shape[1]}, {self._first} is {self._shape[2]}x{self._shape[1]} (center squares)"
            raise UserError(
                f"data set {self._name!r}: pictures of mixed sizes ({sizes}): give a resolution (--resolution 64), to which all are resized"
            )
        if self._shape[0] == 1:
            raise UserError(
                f"data set {self._name!r}: {name} is in color, {self._first} is gray: give channels (--channels 1 or 3) for all"
            )
        return np.repeat(array, 3, axis=0)


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
