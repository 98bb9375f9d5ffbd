"""Anybody's pictures, in a folder or a zip: which are in which split, and what their labels are."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np

from landscape.components.datasets._base import SPLITS
from landscape.components.datasets._preparing.pictures import SUFFIXES
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource
from landscape.components.datasets._preparing.split import by_fraction
from landscape.core.errors import UserError

Labelling = Literal["auto", "none", "folders"]
INDEX = "dataset.json"
MAX_INDEX_BYTES = 64 * 2**20
"""Largest dataset.json that is read: about a million labels."""
_SPLIT_FOLDERS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class CollectionOptions:
    """How a collection without a published split is divided and labeled."""

    labels: Labelling = "auto"
    fractions: Mapping[str, float] = field(default_factory=dict)
    """Of the pictures, for `validation` and `test`, where no folder of that name gives them."""
    seed: int = 0

    def plain(self) -> dict[str, Any]:
        return {"labels": self.labels, "fractions": dict(self.fractions), "seed": self.seed}


@dataclass(frozen=True)
class Collection:
    """Names of pictures by split (all under `train` where nothing says otherwise), relative to their folder or zip."""

    place: str
    names: Mapping[str, Sequence[str]]
    index: Callable[[str], bytes | None]
    """The dataset.json that belongs to a split, or None."""
    skipped: int = 0


def is_picture(name: str) -> bool:
    """Judged by the suffix."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def by_split_folder(names: Sequence[str]) -> dict[str, list[str]]:
    """Names by their top folder where all lie in `train`, `validation` (`val`, `valid`) and `test`; else all are `train`."""
    tops = {name.split("/", 1)[0] if "/" in name else "" for name in names}
    if "train" not in tops or not tops <= _SPLIT_FOLDERS.keys():
        return {"train": list(names)}
    parts: dict[str, list[str]] = {}
    for name in names:
        parts.setdefault(_SPLIT_FOLDERS[name.split("/", 1)[0]], []).append(name)
    return {split: parts[split] for split in SPLITS if split in parts}


def names_digest(collection: Collection) -> str:
    """What the collection holds where, for its identity."""
    text = json.dumps({split: list(names) for split, names in collection.names.items()}, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def arranged(
    collection: Collection, options: CollectionOptions, read: Callable[[str, str], Any], describe: Callable[[Any], str]
) -> Pictures:
    """The collection ready to be prepared; `read` takes (split whose folder or zip it lies in, name).

    Raises:
        UserError: no pictures, a dataset.json that is damaged or lacks some of them, fractions that leave nothing to train on.
    """
    if not any(collection.names.values()):
        raise UserError(f"{collection.place} holds no pictures ({', '.join(sorted(SUFFIXES))}): check the path")
    labels, source = _labels(collection, options.labels)
    parts = {split: [(split, name) for name in names] for split, names in collection.names.items() if names}
    held_out = {split: f for split, f in options.fractions.items() if split not in parts and f > 0}
    if held_out:
        train = parts["train"]
        indices = by_fraction(len(train), held_out, options.seed, collection.place)
        parts |= {split: [train[i] for i in index] for split, index in indices.items()}
    splits = {}
    for split in SPLITS:
        if items := parts.get(split):
            known = None if labels is None else np.array([labels[item] for item in items], dtype=np.int64)
            splits[split] = SplitSource(items, len(items), known)
    handling = {"labels": source, "split": _describe_split(parts, held_out, options.seed)}
    if collection.skipped:
        handling["skipped"] = f"{collection.skipped} files that are not pictures"
    classes = None if labels is None else max(labels.values()) + 1
    return Pictures(splits, lambda item: read(*item), classes=classes, handling=handling, describe=describe)


def _describe_split(parts: Mapping[str, Any], held_out: Mapping[str, float], seed: int) -> str:
    given = ", ".join(split for split in parts if split not in held_out)
    drawn = ", ".join(f"{split} {fraction:g}" for split, fraction in held_out.items())
    return f"given: {given}" + (f"; held out of train at random, seed {seed}: {drawn}" if drawn else "")


Labels = dict[tuple[str, str], int]


def _labels(collection: Collection, wanted: Labelling) -> tuple[Labels | None, str]:
    if wanted == "none":
        return None, "none"
    if wanted == "auto":
        indexed: Labels = {}
        have = [
            split
            for split, names in collection.names.items()
            if names and (data := collection.index(split)) is not None and _add_indexed(indexed, split, names, data, collection.place)
        ]
        if have and len(have) == sum(1 for names in collection.names.values() if names):
            return indexed, INDEX
    return _folder_labels(collection, required=wanted == "folders")


def _add_indexed(labels: Labels, split: str, names: Sequence[str], data: bytes, place: str) -> bool:
    """Enters the labels of one dataset.json; False if it has none (`"labels": null`)."""
    where = f"{place}/{INDEX}"
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is damaged: {error}; rebuild it, or set labels: none") from error
    pairs = content.get("labels") if isinstance(content, dict) else content
    if pairs is None and isinstance(content, dict):
        return False
    if not isinstance(pairs, list) or not all(
        isinstance(p, list) and len(p) == 2 and isinstance(p[0], str) and _is_class(p[1]) for p in pairs
    ):
        raise UserError(f'{where} is damaged: expected {{"labels": [["path", class number], ...]}}; rebuild it, or set labels: none')
    known = dict(pairs)
    for name in names:
        if name not in known:
            raise UserError(f"{where} has no label for {name}: rebuild it, or set labels: none")
        labels[split, name] = known[name]
    return True


MAX_CLASSES = 2**20


def _is_class(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_CLASSES


def _folder_labels(collection: Collection, *, required: bool) -> tuple[Labels | None, str]:
    """Sub-folders as classes: each picture one folder deep (below its split's), two or more folders, not StyleGAN's 00000, 00001."""
    folders: dict[tuple[str, str], str] = {}
    for split, names in collection.names.items():
        for name in names:
            parts = name.split("/")
            if len(collection.names) > 1 and parts[0] in _SPLIT_FOLDERS:
                parts = parts[1:]
            if len(parts) == 2:
                folders[split, name] = parts[0]
    classes = sorted(set(folders.values()))
    numbered = all(c.isdigit() and len(c) == 5 for c in classes)
    total = sum(len(names) for names in collection.names.values())
    if len(folders) == total and len(classes) > 1 and (required or not numbered):
        number = {name: i for i, name in enumerate(classes)}
        return {key: number[folder] for key, folder in folders.items()}, f"{len(classes)} sub-folders, in alphabetical order"
    if required:
        raise UserError(
            f"{collection.place}: labels: folders needs every picture in one of two or more sub-folders named after the classes"
        )
    return None, "none"
