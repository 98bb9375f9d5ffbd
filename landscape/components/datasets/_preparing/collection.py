"""Anybody's pictures, in a folder or a zip: which are in which split, and what their labels are."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from landscape.components.datasets._base import SPLITS
from landscape.components.datasets._preparing.depths import DeclaredLevels
from landscape.components.datasets._preparing.labels import INDEX, Labelling, labels_of
from landscape.components.datasets._preparing.layout import GivenSplits, Layout
from landscape.components.datasets._preparing.pictures import SUFFIXES
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource
from landscape.components.datasets._preparing.split import by_fraction
from landscape.core.errors import UserError

MAX_INDEX_BYTES = 64 * 2**20
"""Largest dataset.json that is read: about a million labels."""


@dataclass(frozen=True)
class CollectionOptions:
    """How a collection without a published split is divided and labeled."""

    labels: Labelling = "auto"
    fractions: Mapping[str, float] = field(default_factory=dict)
    """Of the pictures, for `validation` and `test`, where no folder gives them."""
    seed: int = 0
    splits: GivenSplits = "auto"
    levels: DeclaredLevels = "auto"

    def plain(self) -> dict[str, Any]:
        return {"labels": self.labels, "fractions": dict(self.fractions), "seed": self.seed, "splits": self.splits, "levels": self.levels}


@dataclass(frozen=True)
class Collection:
    """Names of pictures by split (all under `train` where nothing says otherwise), relative to their folder or zip."""

    place: str
    names: Mapping[str, Sequence[str]]
    homes: Mapping[str, str]
    """By split, the beginning of all its names that says nothing of a class; see `Layout`."""
    index: Callable[[str], tuple[str, bytes] | None]
    """The dataset.json that belongs to a split, or None; before it the folder in which it lies, from which its names count."""
    skipped: str = ""
    """Files that are not read, counted in words."""
    left_out: int = 0
    """Pictures outside the folders that the user named as splits."""


def is_picture(name: str) -> bool:
    """Judged by the suffix."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def not_read(names: Iterable[str], dead_links: int = 0) -> str:
    """What is not read, in words: `3 files that are no pictures (.heic 2, .txt 1)`."""
    kinds = Counter(PurePosixPath(n).suffix.lower() or "no suffix" for n in names if not is_picture(n) and PurePosixPath(n).name != INDEX)
    dead = f"{dead_links} link{'s' * (dead_links > 1)} that lead{'s' * (dead_links == 1)} nowhere" if dead_links else ""
    if not kinds:
        return dead
    most = sorted(kinds.items(), key=lambda item: (-item[1], item[0] == "no suffix", item[0]))[:5]
    shown = ", ".join(f"{kind} {count}" for kind, count in most) + (", ..." if len(kinds) > 5 else "")
    what = "1 file that is no picture" if kinds.total() == 1 else f"{kinds.total()} files that are no pictures"
    return f"{what} ({shown})" + (f", {dead}" if dead else "")


def index_place(layout: Layout, split: str, has: Callable[[str], bool]) -> str | None:
    """The folder of the dataset.json that belongs to a split: its own, else the root; None where there is none."""
    return next((folder for folder in (layout.homes[split], layout.root) if has(f"{folder}{INDEX}")), None)


def names_digest(collection: Collection) -> str:
    """What the collection holds where, for its identity."""
    told = {split: list(names) for split, names in collection.names.items()}
    text = json.dumps({"names": told, "skipped": collection.skipped, "left out": collection.left_out}, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def arranged(
    collection: Collection,
    options: CollectionOptions,
    read: Callable[[str, str], Any],
    describe: Callable[[Any], str],
    check: Callable[[], None],
) -> Pictures:
    """Make a collection ready to be prepared.

    Args:
        collection: the pictures.
        options: how they are divided and labeled.
        read: reads a picture, given the split whose folder or zip it lies in, and its name.
        describe: names a picture, given both as a pair.
        check: called after the last picture; see `Pictures`.

    Raises:
        UserError: no pictures, a dataset.json that is damaged or lacks some of them, fractions that leave nothing to train on.
    """
    if not any(collection.names.values()):
        raise UserError(f"{collection.place} holds no pictures ({', '.join(sorted(SUFFIXES))}): check the path")
    labels, told = labels_of(collection.place, collection.names, collection.homes, collection.index, options.labels)
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
    handling = {**told, "split": _describe_split(collection, splits, held_out, options.seed)}
    left_out = f"{collection.left_out} pictures outside these folders" if collection.left_out else ""
    if skipped := ", ".join(filter(None, (collection.skipped, left_out))):
        handling["skipped"] = skipped
    classes = None if labels is None else max(labels.values()) + 1
    return Pictures(splits, lambda item: read(*item), classes=classes, handling=handling, describe=describe, check=check)


def _describe_split(collection: Collection, splits: Mapping[str, SplitSource], held_out: Mapping[str, float], seed: int) -> str:
    folders = {split: home.strip("/") for split, home in collection.homes.items()}
    given = [split + (f" ({folder})" if (folder := folders[split]) not in ("", split) else "") for split in splits if split not in held_out]
    none = f" (rounds down to none of {len(collection.names['train'])} pictures)"
    drawn = ", ".join(f"{split} {fraction:g}{'' if split in splits else none}" for split, fraction in held_out.items())
    return f"given: {', '.join(given)}" + (f"; held out of train at random, seed {seed}: {drawn}" if drawn else "")
