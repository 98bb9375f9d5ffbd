"""Finds the labels of pictures in a folder or a zip: in a dataset.json as StyleGAN's tools write it, or in the names of sub-folders."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from landscape.core.errors import UserError, reason_of

Labelling = Literal["auto", "none", "folders"]
INDEX = "dataset.json"
MAX_CLASSES = 2**20
Names = Mapping[str, Sequence[str]]
"""The names of pictures by split."""
Labels = dict[tuple[str, str], int]
"""The class of each picture, by its split and its name."""


def labels_of(
    place: str, names: Names, homes: Mapping[str, str], index: Callable[[str], tuple[str, bytes] | None], wanted: Labelling
) -> tuple[Labels | None, dict[str, str]]:
    """Find the labels of pictures.

    Args:
        place: The folder or zip, for messages.
        names: The names of the pictures by split.
        homes: For each split, the beginning of its names that says nothing of a class.
        index: Returns, for a split, the folder of its dataset.json and its content; None if there is none.
        wanted: Where to look for labels.

    Returns:
        The labels, numbered from 0, or None; and the entries of `Dataset.handling` that say what was done.

    Raises:
        UserError: A dataset.json is damaged or lacks some pictures, only some of the splits have one, or sub-folders are asked for and
            there are none.
    """
    if wanted == "none":
        return None, {"labels": "none"}
    if wanted == "auto":
        indexed: Labels = {}
        held = [split for split in names if names[split]]
        found = [split for split in held if (data := index(split)) is not None and _add_indexed(indexed, split, names[split], *data, place)]
        if found and len(found) < len(held):
            without = next(split for split in held if split not in found)
            raise UserError(
                f"{place}: {names[without][0]} has no label: {INDEX} gives labels for {', '.join(found)} and none for {without};"
                f" add those of {without}, or set labels: none, or labels: folders"
            )
        if found:
            return _numbered_from_0(indexed)
    return _folder_labels(place, names, homes, required=wanted == "folders")


def _add_indexed(labels: Labels, split: str, names: Sequence[str], folder: str, data: bytes, place: str) -> bool:
    """Enter the labels of one dataset.json, whose names are relative to `folder`. Return False if it holds `"labels": null`."""
    where = f"{place}/{folder}{INDEX}"
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is damaged: {reason_of(error)}; rebuild it, or set labels: none") from error
    pairs = content.get("labels") if isinstance(content, dict) else content
    if pairs is None and isinstance(content, dict):
        return False
    if not isinstance(pairs, list) or not all(
        isinstance(p, list) and len(p) == 2 and isinstance(p[0], str) and _is_class(p[1]) for p in pairs
    ):
        raise UserError(f'{where} is damaged: expected {{"labels": [["path", class number], ...]}}; rebuild it, or set labels: none')
    known = dict(pairs)
    for name in names:
        if (inner := name.removeprefix(folder)) not in known:
            raise UserError(f"{where} has no label for {inner}: rebuild it, or set labels: none")
        labels[split, name] = known[inner]
    return True


def _is_class(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MAX_CLASSES


def _numbered_from_0(labels: Labels) -> tuple[Labels, dict[str, str]]:
    """Renumber labels that count from 1, because class 0 would be one class too many, and say which classes have no pictures."""
    present, told = set(labels.values()), {"labels": INDEX}
    if min(present) == 1:
        told["labels"] = f"{INDEX}, whose classes 1 to {max(present)} are numbered 0 to {max(present) - 1} here"
        labels = {key: number - 1 for key, number in labels.items()}
        present = set(labels.values())
    if absent := sorted(set(range(max(present))) - present):
        shown = ", ".join(map(str, absent[:10])) + (", ..." if len(absent) > 10 else "")
        told["classes"] = f"{len(present)} of {max(present) + 1} have pictures (none: {shown})"
    return labels, told


def _folder_labels(place: str, names: Names, homes: Mapping[str, str], *, required: bool) -> tuple[Labels | None, dict[str, str]]:
    """Take sub-folders for classes, if every picture lies in one of two or more sub-folders of its split.

    Folders such as 00000 and 00001, into which StyleGAN's tools divide their pictures, are no classes unless the user says so.
    """
    folders: dict[tuple[str, str], str] = {}
    for split, held in names.items():
        for name in held:
            parts = name.removeprefix(homes[split]).split("/")
            if len(parts) == 2:
                folders[split, name] = parts[0]
    classes = sorted(set(folders.values()))
    numbered = all(c.isdigit() and len(c) == 5 for c in classes)
    total = sum(map(len, names.values()))
    if len(classes) > 1 and (required or not numbered):
        if len(folders) == total:
            number = {name: i for i, name in enumerate(classes)}
            shown = ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
            told = {"labels": f"{len(classes)} sub-folders, in alphabetical order: {shown}"}
            return {key: number[folder] for key, folder in folders.items()}, told
        if not required:
            return None, {"labels": f"none ({total - len(folders)} of {total} pictures do not lie in one of {len(classes)} sub-folders)"}
    if required:
        raise UserError(f"{place}: labels: folders needs every picture in one of two or more sub-folders named after the classes")
    return None, {"labels": "none"}
