"""STL-10."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._readers.download import STL10, found_or_fetched
from landscape.components.datasets._readers.files import find, read_bytes
from landscape.components.datasets.cifar10 import last_of_each_class
from landscape.core.errors import UserError

Part = Literal["unlabeled", "labeled"]
RECORD = 3 * 96 * 96
FOLDERS = ("", "stl10_binary")
HELD_OUT = {"unlabeled": 5_000, "labeled": 500}


@DATASETS.register(
    shape=(3, 96, 96),
    resolution=48,
    source="unlabeled_X.bin, train_X.bin, train_y.bin, test_X.bin, test_y.bin of the binary version"
    " (stl10_binary.tar.gz, MD5 91f7769df0f17e558f3565bffb0c7dfb)",
    downloads=True,
    paper="Coates et al. 2011, An analysis of single-layer networks in unsupervised feature learning",
)
def stl10(*, part: Part = "unlabeled", validation: bool = True, request: Request) -> Dataset:
    """STL-10, 96x96 (GAN studies use 48x48), color. Its 8,000 labeled test pictures are the test split.

    Args:
        part: The pictures that are trained on: the 100,000 `unlabeled` ones, as in SNGAN, whose distribution is wider than the ten classes
            of the test set; or the 5,000 `labeled` ones.
        validation: Whether the last 5,000 unlabeled pictures, or the last 50 labeled pictures of each class, are held out.
        request: What is asked for.
    """

    def found(where: Request) -> dict[str, Path] | None:
        names = ["test_X.bin", "test_y.bin", *(["unlabeled_X.bin"] if part == "unlabeled" else ["train_X.bin", "train_y.bin"])]
        return find(where, "stl10", {name: (name,) for name in names}, FOLDERS)

    files = found_or_fetched(request, "stl10", STL10, found)
    return prepared(
        request,
        "stl10",
        files=list(files.values()),
        settings={"part": part, "validation": validation},
        open_source=lambda: _pictures(files, part, validation),
    )


def _pictures(files: dict[str, Path], part: Part, validation: bool) -> Pictures:
    splits = _unlabeled(files["unlabeled_X.bin"], validation) if part == "unlabeled" else _labeled(files, validation)
    labels = _labels(files["test_y.bin"], _count(files["test_X.bin"]))
    splits["test"] = SplitSource(_stream(files["test_X.bin"]), len(labels), labels)
    held_out = f", the last {HELD_OUT[part]:,} (balanced where labeled) for validation" if validation else ""
    handling = {"split": f"trained on the {part} part{held_out}"}
    return Pictures(splits, lambda image: (np.ascontiguousarray(image), ()), classes=10, handling=handling, describe=lambda _: "a picture")


def _unlabeled(path: Path, validation: bool) -> dict[str, SplitSource]:
    count = _count(path)
    held_out = min(HELD_OUT["unlabeled"], count // 2) if validation else 0
    stream = _stream(path)
    sizes = {"train": count - held_out, "validation": held_out}
    return {name: SplitSource((next(stream) for _ in range(size)), size) for name, size in sizes.items()}


def _labeled(files: dict[str, Path], validation: bool) -> dict[str, SplitSource]:
    labels = _labels(files["train_y.bin"], _count(files["train_X.bin"]))
    images = np.stack(list(_stream(files["train_X.bin"])))
    held_out = last_of_each_class(labels, HELD_OUT["labeled"] // 10) if validation else np.zeros(len(labels), bool)
    marks = {"train": ~held_out, "validation": held_out}
    return {name: SplitSource(images[mark], int(mark.sum()), labels[mark]) for name, mark in marks.items()}


def _count(path: Path) -> int:
    size = path.stat().st_size
    if not size or size % RECORD:
        raise UserError(f"{path} is truncated: {size:,} bytes are no multiple of {RECORD}; fetch it again")
    return size // RECORD


def _stream(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield the pictures (3, 96, 96), which the file holds column by column.

    They are read one by one, because the file has up to 2.8 GB.
    """
    try:
        with path.open("rb") as file:
            while len(data := file.read(RECORD)) == RECORD:
                yield np.frombuffer(data, dtype=np.uint8).reshape(3, 96, 96).transpose(0, 2, 1)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


def _labels(path: Path, count: int) -> NDArray[np.int64]:
    labels = np.frombuffer(read_bytes(path, 1 << 20), dtype=np.uint8).astype(np.int64) - 1
    if len(labels) != count or labels.min() < 0 or labels.max() > 9:
        raise UserError(f"{path} is damaged: expected {count} classes from 1 to 10; fetch it again")
    return labels
