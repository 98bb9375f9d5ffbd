"""Finds out, for pictures in a folder or a zip, which of them belong to which split and what their labels are."""

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
"""The size of the largest dataset.json that is read. It holds about a million labels."""


@dataclass(frozen=True)
class CollectionOptions:
    """How a collection without a published split is divided and labeled."""

    labels: Labelling = "auto"
    fractions: Mapping[str, float] = field(default_factory=dict)
    """The shares of the pictures that become `validation` and `test` where no folder gives these splits."""
    seed: int = 0
    """The seed of that division."""
    splits: GivenSplits = "auto"
    levels: DeclaredLevels = "auto"

    def plain(self) -> dict[str, Any]:
        return {"labels": self.labels, "fractions": dict(self.fractions), "seed": self.seed, "splits": self.splits, "levels": self.levels}


@dataclass(frozen=True)
class Collection:
    """Pictures in a folder or in zips."""

    place: str
    """The folder or zip, for messages."""
    names: Mapping[str, Sequence[str]]
    """The names of the pictures by split, relative to their folder or zip. All are under `train` where nothing says otherwise."""
    homes: Mapping[str, str]
    """For each split, the beginning of its names that says nothing of a class; see `Layout`."""
    index: Callable[[str], tuple[str, bytes] | None]
    """Returns, for a split, the folder to which the names in its dataset.json are relative, and its content; None if there is none."""
    skipped: str = ""
    """What is not read, counted in words."""
    left_out: int = 0
    """The number of pictures outside of the folders that the user named as splits."""


def is_picture(name: str) -> bool:
    """Return whether a file is a picture, judged by its suffix."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def not_read(names: Iterable[str], dead_links: int = 0) -> str:
    """Say in words what is not read: `3 files that are no pictures (.heic 2, .txt 1)`."""
    kinds = Counter(PurePosixPath(n).suffix.lower() or "no suffix" for n in names if not is_picture(n) and PurePosixPath(n).name != INDEX)
    dead = f"{dead_links} link{'s' * (dead_links > 1)} that lead{'s' * (dead_links == 1)} nowhere" if dead_links else ""
    if not kinds:
        return dead
    most = sorted(kinds.items(), key=lambda item: (-item[1], item[0] == "no suffix", item[0]))[:5]
    shown = ", ".join(f"{kind} {count}" for kind, count in most) + (", ..." if len(kinds) > 5 else "")
    what = "1 file that is no picture" if kinds.total() == 1 else f"{kinds.total()} files that are no pictures"
    return f"{what} ({shown})" + (f", {dead}" if dead else "")


def index_place(layout: Layout, split: str, has: Callable[[str], bool]) -> str | None:
    """Return the folder of the dataset.json that belongs to a split, which is the split's own folder or the root; None if there is none."""
    return next((folder for folder in (layout.homes[split], layout.root) if has(f"{folder}{INDEX}")), None)


def names_digest(collection: Collection) -> str:
    """Return a digest of the names in a collection, which are part of its identity."""
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
        collection: The pictures.
        options: How they are divided and labeled.
        read: Reads a picture. It is given the split in whose folder or zip the picture lies, and its name.
        describe: Names a picture in messages. It is given the split and the name as a pair.
        check: Called after the last picture; see `Pictures`.

    Raises:
        UserError: There are no pictures, a dataset.json is damaged or lacks some of them, or no picture is left to train on.
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
