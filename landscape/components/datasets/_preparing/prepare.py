"""Prepares pictures one by one into the cache: threads decode and fit them, and they are written in their order."""

import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._base import Dataset, Request
from landscape.components.datasets._language import Language
from landscape.components.datasets._preparing.cache import LABELS, TOKENS, cached
from landscape.components.datasets._preparing.pictures import Fit, Picture, fitted
from landscape.components.datasets._readers.files import shown
from landscape.core.cpu_count import cores
from landscape.core.errors import UserError
from landscape.core.file_digests import contents_of
from landscape.core.progress import progress

Levels = NDArray[np.uint8]
Reader = Callable[[Any], tuple[Picture, tuple[str, ...]]]
_CHUNK = 64
"""The number of pictures that are handed to a thread at once."""


@dataclass(frozen=True)
class SplitSource:
    """One split before its preparation."""

    items: Iterable[Any]
    """What the reader is given for each picture: a path, a name, or the picture itself."""
    count: int
    """The number of items. More or fewer of them are an error."""
    labels: NDArray[np.int64] | None = None
    """The class of each item, (count,), or None."""
    tokens: NDArray[np.int64] | None = None
    """The texts of each item as `Split.tokens` has them, (count, L) or (count, K, L), or None."""
    own_size: bool = False
    """Whether its pictures may have another size than those of the splits before it."""


@dataclass(frozen=True)
class Pictures:
    """A data set before its preparation."""

    splits: Mapping[str, SplitSource]
    """The splits by name. Splits without items are left out."""
    read: Reader
    """Turns an item into a picture (mode L or RGB, or an array) and notes on its conversion. It is called in threads."""
    classes: int | None = None
    handling: Mapping[str, str] = field(default_factory=dict)
    describe: Callable[[Any], str] = str
    """Names an item in messages."""
    classifier: str = ""
    language: Language | None = None
    """The words of the texts, if the items have some."""
    check: Callable[[], None] = lambda: None
    """Called after the last picture. It raises a UserError about what only all pictures together show."""


def prepared(
    request: Request,
    name: str,
    *,
    files: Sequence[Path],
    settings: Mapping[str, Any],
    open_source: Callable[[], Pictures],
    fit: Fit | None = None,
) -> Dataset:
    """Return a data set that is read from files, from the cache if these files were prepared with these settings before.

    Args:
        request: What is asked for, and where to keep it.
        name: The name of the data set.
        files: Every file whose content decides the outcome, in a fixed order.
        settings: Plain data that decide the outcome besides.
        open_source: Opens the files. It is called only if the data are not prepared yet.
        fit: How pictures are brought to one shape. None stands for the resolution and the channels that are asked for.

    Raises:
        UserError: A file is damaged or changes meanwhile, a split has more or fewer pictures than it should, sizes are mixed and no
            resolution is given, or the disk is full.
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
    facts = {"classes": pictures.classes, "handling": handling, "classifier": pictures.classifier}
    return facts | ({} if pictures.language is None else {"language": asdict(pictures.language)})


def _cropped(picture: Picture) -> tuple[str, ...]:
    height, width = picture.shape[1:] if isinstance(picture, np.ndarray) else picture.size
    return () if height == width else ("cropped to the center square",)


Fitted = tuple[str, Levels, tuple[str, ...]]


def _ordered(
    pool: ThreadPoolExecutor, pictures: Pictures, items: Iterable[Any], fit: Fit, advance: Callable[[int], None]
) -> Iterator[Fitted]:
    """Yield the name, the array and the notes of each item, in order.

    Only a few chunks are under way at a time, so that memory stays bounded.
    """

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
    """Writes splits as .npy files, all pictures in one shape, and counts what was converted.

    The files are written as streams and not through memory maps, because a full disk would end the process of a memory map with SIGBUS.
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
        assert self._shape is not None
        shape = (self._shape[0], *first[1].shape[1:]) if source.own_size else self._shape
        written = 0
        with (self._folder / f"{split}.npy").open("wb") as file:
            _write_header(file, (source.count, *shape))
            for name, array, notes in chain([first], arrays):
                file.write(self._checked(name, array, shape).tobytes())
                if self._brightest <= 1:  # Once a level is above 1, no further one needs to be looked at.
                    self._brightest = max(self._brightest, int(array.max()))
                self._notes.update(notes)
                written += 1
            file.flush()
            os.fsync(file.fileno())
        if written != source.count:
            raise UserError(f"data set {self._name!r}: {split} should hold {source.count} pictures, found {written}")
        if source.labels is not None:
            np.save(self._folder / f"{split}{LABELS}.npy", source.labels.astype(np.int64), allow_pickle=False)
        if source.tokens is not None:
            np.save(self._folder / f"{split}{TOKENS}.npy", source.tokens.astype(np.int64), allow_pickle=False)

    def require_levels(self) -> None:
        """Check that the pictures are not made of the levels 0 and 1 alone. Pictures that are black throughout pass.

        Raises:
            UserError: The brightest level of all pictures is 1.
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

    def _checked(self, name: str, array: Levels, shape: tuple[int, ...]) -> Levels:
        if array.shape == shape:
            return array
        if array.shape[1:] != shape[1:]:
            sizes = f"{name} is {array.shape[2]}x{array.shape[1]}, {self._first} is {shape[2]}x{shape[1]} (center squares)"
            raise UserError(
                f"data set {self._name!r}: pictures of mixed sizes ({sizes}): give a resolution (--resolution 64), to which all are resized"
            )
        if shape[0] == 1:
            raise UserError(
                f"data set {self._name!r}: {name} is in color, {self._first} is gray: give channels (--channels 1 or 3) for all"
            )
        return np.repeat(array, 3, axis=0)


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
