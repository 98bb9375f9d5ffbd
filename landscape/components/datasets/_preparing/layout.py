"""Finds out which folder holds which split: from the names of folders if they leave no doubt, otherwise from what the user says."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from landscape.components.datasets._base import SPLITS
from landscape.components.datasets._preparing.labels import INDEX
from landscape.core.errors import UserError

GivenSplits = dict[str, str] | Literal["auto", "none"]
"""What a user says of the splits: the folder of each split, `none` if no folder is a split, or `auto` to read it from the names."""
ROLES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Words in the names of folders, in small letters, with the split that each of them stands for."""


@dataclass(frozen=True)
class Layout:
    """Which pictures belong to which split."""

    names: Mapping[str, Sequence[str]]
    """The names of the pictures by split, in the order train, validation, test. All are under `train` where nothing gives splits."""
    homes: Mapping[str, str]
    """For each split, the beginning of its names that says nothing of a class: `train/`, or "" if there is none."""
    root: str = ""
    """The folder in which everything lies, with a slash: `mine/` in a zip that was made of the folder `mine`; "" if there is none."""
    left_out: int = 0
    """The number of pictures outside of the folders that the user named."""


def laid_out(names: Sequence[str], splits: GivenSplits, place: str, kind: str, has: Callable[[str], bool]) -> Layout:
    """Find the splits of pictures.

    Args:
        names: The names of all pictures, relative to the folder or zip, with slashes.
        splits: What the user says of the splits.
        place: The folder or zip, for messages.
        kind: The name of the data set, `folder` or `zip`, for messages.
        has: Returns whether there is a file of a given name. A folder that holds an index of labels is a root.

    Raises:
        UserError: Folders look like splits, but not all pictures lie in them, or two folders look like the same split; or a folder that
            the user names is not there, holds no pictures, or lies in another one.
    """
    if isinstance(splits, dict):
        return _named(names, splits, place)
    root = _root(names, has)
    inner = [name[len(root) :] for name in names]
    tops = sorted({_top(name) for name in inner})
    roles = {top: role for top in tops if (role := _role(top))}
    if splits == "auto" and len(set(roles.values())) > 1:
        if len(roles) < len(tops) or len(set(roles.values())) < len(roles) or "train" not in roles.values():
            raise _doubtful(inner, roles, place, kind, root)
        folders = {role: f"{root}{top}/" for top, role in roles.items()}
        return Layout(*_by_folder(names, folders), root)
    if splits == "auto" and (deep := _deeper(inner)):
        message = f"{place} holds folders that look like splits inside of others ({', '.join(list(deep)[:3])})"
        folders = {role: f"{root}{folder}" for role, folder in _together(deep).items()}
        raise UserError(f"{message}: write {_spelled(kind, place, folders)}, or splits: none")
    # A single folder that is called `train` is not a class, but the folder in which the classes lie.
    home = f"{root}{tops[0]}/" if len(tops) == 1 and roles else root
    return Layout({"train": list(names)}, {"train": home}, root)


def _top(name: str) -> str:
    """Return the first folder in a name, or "" for a picture that lies in no folder."""
    return name.split("/", 1)[0] if "/" in name else ""


def _role(folder: str) -> str | None:
    """Return the split that a folder looks like by a word in its name, as in `Train`, `test_set` and `val2017`; None if there is none."""
    words = (word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", folder))
    return next((ROLES[word] for word in words if word in ROLES), None)


def _root(names: Sequence[str], has: Callable[[str], bool]) -> str:
    """Return the folder in which everything lies, with a slash; "" if there is none.

    Folders that lie in one another are followed down to one that holds an index of labels, or to one that looks like a split.
    """
    root = ""
    while not has(f"{root}{INDEX}"):
        tops = {_top(name[len(root) :]) for name in names}
        only = tops.pop() if len(tops) == 1 else ""
        if not only or _role(only):
            break
        root += f"{only}/"
    return root


def _by_folder(names: Sequence[str], folders: Mapping[str, str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the names in the folder of each split, and these folders, both in the order of the splits."""
    ordered = {split: folders[split] for split in SPLITS if split in folders}
    return {split: [name for name in names if name.startswith(folder)] for split, folder in ordered.items()}, ordered


def _named(names: Sequence[str], splits: Mapping[str, str], place: str) -> Layout:
    folders: dict[str, str] = {}
    for split, folder in splits.items():
        if split not in SPLITS:
            raise UserError(f"{place}: splits names {split!r}: choose from {', '.join(SPLITS)}")
        folders[split] = f"{PurePosixPath(folder).as_posix().removeprefix('./').strip('/')}/"
    if "train" not in folders:
        raise UserError(f"{place}: splits names no folder to train on: add train: and its folder")
    for split, folder in folders.items():
        if inside := next((f"{other} ({f})" for other, f in folders.items() if other != split and folder.startswith(f)), ""):
            raise UserError(f"{place}: the folder of {split} ({folder}) lies in that of {inside}: name folders apart from one another")
    found, homes = _by_folder(names, folders)
    if absent := next((split for split, held in found.items() if not held), ""):
        tops = sorted({_top(name) for name in names} - {""})
        holds = f"its folders are {', '.join(tops[:10])}" if tops else "it holds no folders"
        raise UserError(f"{place} holds no pictures in {folders[absent]!r}, which splits names for {absent}: {holds}")
    return Layout(found, homes, left_out=len(names) - sum(map(len, found.values())))


def _deeper(names: Sequence[str]) -> dict[str, str]:
    """Return folders inside of others that look like splits, as `bottle/test` and `bottle/train`, and the split that each looks like.

    The result is empty unless there are two kinds or more.
    """
    direct = {PurePosixPath(name.rpartition("/")[0]) for name in names}
    folders = {folder for lowest in direct for folder in (lowest, *lowest.parents) if len(folder.parts) > 1}
    found = {str(folder): role for folder in sorted(folders) if (role := _role(folder.name))}
    return found if len(set(found.values())) > 1 and "train" in found.values() else {}


def _together(found: Mapping[str, str]) -> dict[str, str]:
    """Return one folder for each split that was seen: those in the folder that holds the most splits, `train` among them, then others."""
    inside: dict[PurePosixPath, dict[str, str]] = {}
    for folder, role in found.items():
        inside.setdefault(PurePosixPath(folder).parent, {}).setdefault(role, folder)
    chosen = max((roles for roles in inside.values() if "train" in roles), key=len)
    for folder, role in found.items():
        if not any(folder.startswith(f"{other}/") or other.startswith(f"{folder}/") for other in chosen.values()):
            chosen.setdefault(role, folder)
    return chosen


def _doubtful(names: Sequence[str], roles: Mapping[str, str], place: str, kind: str, root: str) -> UserError:
    """Return the error that says what was seen, and how the user can say what it means."""
    counts = Counter(map(_top, names))
    beside = [f"the folder {top} ({_pictures(counts[top])})" for top in sorted(counts) if top and top not in roles]
    beside = [*beside[:5], *([f"{len(beside) - 5} more folders"] if len(beside) > 5 else [])]
    beside += [f"{_pictures(counts[''])} outside of folders"] if counts[""] else []
    first: dict[str, str] = {}
    for top, role in sorted(roles.items()):
        first.setdefault(role, f"{root}{top}")
    like = f"{place} holds folders that look like splits ({', '.join(f'{top} ({_pictures(counts[top])})' for top in sorted(roles))})"
    why = f" and beside them {', '.join(beside)}" if beside else ", of which two look like one" if len(first) < len(roles) else ""
    given = first if "train" in first else {"train": "...", **first}
    return UserError(f"{like}{why}: say which are splits, {_spelled(kind, place, given)}, or that none is, splits: none")


def _pictures(count: int) -> str:
    return f"{count} picture{'s' if count > 1 else ''}"


def _spelled(kind: str, place: str, folders: Mapping[str, str]) -> str:
    """Return the text that names the data set with these folders as its splits."""

    def text(value: str) -> str:
        return value if re.fullmatch(r"[\w./-]+(\.\.\.)?", value) else json.dumps(value, ensure_ascii=False)

    ordered = ", ".join(f"{split}: {text(folders[split])}" for split in SPLITS if split in folders)
    return f"{kind}:{{path: {text(place)}, splits: {{{ordered}}}}}"
