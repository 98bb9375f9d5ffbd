"""CIFAR-10."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._readers.download import CIFAR10, found_or_fetched
from landscape.components.datasets._readers.files import find, read_bytes
from landscape.components.datasets._readers.inert_pickle import read_batch
from landscape.core.errors import UserError

HELD_OUT_PER_CLASS = 500
BATCHES = [f"data_batch_{i}" for i in range(1, 6)]
FOLDERS = ("", "cifar-10-batches-bin", "cifar-10-batches-py", "cifar-10-python/cifar-10-batches-py")
MAX_BATCH_BYTES = 64 * 2**20
RECORD = 1 + 3 * 32 * 32
"""The number of bytes of a picture in the binary version: its class, then 32x32 red, green and blue levels."""

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]


@DATASETS.register(
    shape=(3, 32, 32),
    resolution=32,
    source="data_batch_{1..5} and test_batch of the python version (cifar-10-python.tar.gz, MD5 c58f30108f718f92721af3b95e74349a)"
    " or data_batch_{1..5}.bin and test_batch.bin of the binary version",
    downloads=True,
    paper="Krizhevsky 2009, Learning multiple layers of features from tiny images",
)
def cifar10(*, validation: bool = True, request: Request) -> Dataset:
    """CIFAR-10's ten classes, 32x32, color: 45,000 to train on, 5,000 for validation (500 of each class), 10,000 for test.

    The Python version is read without running its pickles: only bytes, numbers and names are taken from them.

    Args:
        validation: Whether the last 500 training pictures of each class, in the order of the files, are held out. False trains on all
            50,000.
        request: What is asked for.
    """
    files = found_or_fetched(request, "cifar10", CIFAR10, _found)
    return prepared(
        request,
        "cifar10",
        files=list(files.values()),
        settings={"validation": validation},
        open_source=lambda: _pictures(files, validation),
    )


def _found(request: Request) -> dict[str, Path] | None:
    return find(request, "cifar10", {name: (f"{name}.bin", name) for name in [*BATCHES, "test_batch"]}, FOLDERS)


def _pictures(files: Mapping[str, Path], validation: bool) -> Pictures:
    batches = [read_cifar_batch(files[name]) for name in BATCHES]
    images, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    held_out = last_of_each_class(labels, HELD_OUT_PER_CLASS) if validation else np.zeros(len(labels), bool)
    test_images, test_labels = read_cifar_batch(files["test_batch"])
    splits = {
        "train": SplitSource(images[~held_out], int((~held_out).sum()), labels[~held_out]),
        "validation": SplitSource(images[held_out], int(held_out.sum()), labels[held_out]),
        "test": SplitSource(test_images, len(test_images), test_labels),
    }
    handling = {
        "split": f"last {HELD_OUT_PER_CLASS} training pictures of each class for validation" if validation else "whole training set"
    }
    return Pictures(splits, lambda image: (image, ()), classes=10, handling=handling, describe=lambda _: "a picture")


def last_of_each_class(labels: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Mark the last `count` samples of each class. Of a class with fewer than twice as many samples, half are marked."""
    marked = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        marked[members[len(members) - min(count, len(members) // 2) :]] = True
    return marked


def read_cifar_batch(path: Path) -> Batch:
    """Read one file of either version.

    Returns:
        The pictures, uint8 (N, 3, 32, 32), and their classes, 0 to 9.

    Raises:
        UserError: The file is damaged.
    """
    if path.suffix == ".bin":
        data = read_bytes(path, MAX_BATCH_BYTES)
        if not data or len(data) % RECORD:
            raise UserError(f"{path} is truncated: {len(data):,} bytes are no multiple of {RECORD}; fetch it again")
        records = np.frombuffer(data, dtype=np.uint8).reshape(-1, RECORD)
        images, labels = records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].astype(np.int64)
    else:
        content = read_batch(path, ("data", "labels"))
        images, labels = _checked(path, content["data"], content["labels"])
    if labels.max() > 9:
        raise UserError(f"{path} is damaged: class {labels.max()} in a set of ten; fetch it again")
    return images, labels


def _checked(path: Path, images: object, labels: object) -> Batch:
    if not isinstance(images, np.ndarray) or images.ndim != 2 or images.shape[1] != RECORD - 1 or not len(images):
        raise UserError(f"{path} is damaged: its pictures are not rows of {RECORD - 1} bytes; fetch it again")
    if not isinstance(labels, list) or len(labels) != len(images) or not all(type(n) is int and 0 <= n < 10 for n in labels):
        raise UserError(f"{path} is damaged: {len(images)} pictures without as many classes from 0 to 9; fetch it again")
    return images.reshape(-1, 3, 32, 32), np.array(labels, dtype=np.int64)
