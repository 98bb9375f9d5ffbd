"""Reads MNIST and the data sets that have its format: four IDX files with 60,000 + 10,000 gray pictures of 28x28 pixels."""

import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._base import SPLITS, Dataset, Request
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._readers.files import find, read_bytes, shown
from landscape.components.datasets._readers.idx import MAX_IDX_BYTES, read_idx
from landscape.core.errors import UserError

KNOWN_MD5 = {"6bbc9ace898e44ae57da46a324031adb": "mnist", "8d4fb7e6c68d591d4c3dfef9ec88bf0d": "fashion_mnist"}
"""The MD5 of known files of training pictures (MNIST's uncompressed, Fashion-MNIST's gzipped), whose names are the same."""
VALIDATION = 10_000
"""The number of pictures at the end of the training file that are held out: train[50000:60000], as in Goodfellow et al. 2014."""
STEMS = {
    "train_images": ("train-images-idx3-ubyte", "train-images.idx3-ubyte"),
    "train_labels": ("train-labels-idx1-ubyte", "train-labels.idx1-ubyte"),
    "test_images": ("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"),
    "test_labels": ("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"),
}
ALTERNATIVES = {key: tuple(stem + end for stem in stems for end in ("", ".gz")) for key, stems in STEMS.items()}


def find_idx(request: Request, name: str, torchvision_folder: str) -> dict[str, Path] | None:
    """Find the four files, also in torchvision's layout `<torchvision_folder>/raw`. Return None if no folder holds any of them."""
    return find(request, name, ALTERNATIVES, ("", "raw", f"{torchvision_folder}/raw"))


def from_idx(request: Request, name: str, files: Mapping[str, Path], *, validation: bool, classifier: str = "") -> Dataset:
    """Prepare the data set of the four files. Without `validation`, the whole training file is the split `train`."""
    return prepared(
        request,
        name,
        files=list(files.values()),
        settings={"validation": validation},
        open_source=lambda: _pictures(name, files, validation, classifier),
    )


def _check_identity(name: str, path: Path, pictures: NDArray[np.uint8]) -> None:
    raw = read_bytes(path, MAX_IDX_BYTES + 1024)
    plain = struct.pack(">4I", 0x803, *pictures.shape) + pictures.tobytes()
    for content in (raw, plain):
        true_name = KNOWN_MD5.get(hashlib.md5(content, usedforsecurity=False).hexdigest(), name)
        if true_name != name:
            raise UserError(f"{path} is the training file of {shown(true_name)}, not of {shown(name)}: keep each in its own sub-folder")


def _pictures(name: str, files: Mapping[str, Path], validation: bool, classifier: str) -> Pictures:
    splits: dict[str, SplitSource] = {}
    for part in ("train", "test"):
        images, labels = read_idx(files[f"{part}_images"], 3), read_idx(files[f"{part}_labels"], 1).astype(np.int64)
        if len(images) != len(labels):
            pair = f"{files[f'{part}_images']} holds {len(images)} pictures, {files[f'{part}_labels'].name} {len(labels)} labels"
            raise UserError(f"{pair}: they do not belong together; fetch both again")
        kept = len(images)
        if part == "train":
            _check_identity(name, files["train_images"], images)
        if part == "train" and validation:
            if kept <= VALIDATION:
                raise UserError(f"{files['train_images']} holds {kept} pictures, validation would take {VALIDATION}: set validation: false")
            kept -= VALIDATION
            splits["validation"] = SplitSource(images[kept:], VALIDATION, labels[kept:])
        splits[part] = SplitSource(images[:kept], kept, labels[:kept])
    ordered: dict[str, SplitSource] = {name: splits[name] for name in SPLITS if name in splits}
    handling = {"split": f"last {VALIDATION:,} of the training file for validation" if validation else "whole training file"}
    return Pictures(
        ordered,
        lambda image: (image[None], ()),
        classes=10,
        handling=handling,
        describe=lambda _: "a picture",
        classifier=classifier,
    )
