"""Which folder holds which split: read from the names of folders where these leave no doubt, else from what the user says."""

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
"""What a user says of the splits: the folder of each, `none` (no folder is a split), or `auto` (read it from the names)."""
ROLES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Words in names of folders, in small letters, and the split that each stands for."""


@dataclass(frozen=True)
class Layout:
    """The names of pictures by split, and where the split's own folder ends."""

    names: Mapping[str, Sequence[str]]
    """By split, in the order train, validation, test. Everything is under `train` where nothing gives splits."""
    homes: Mapping[str, str]
    """By split, the beginning of all its names that says nothing of a class: `train/`, or "" where there is none."""
    root: str = ""
    """The folder that holds everything else, with a slash: `mine/` in a zip that was made of the folder `mine`."""
    left_out: int = 0
    """Pictures outside the folders that the user named."""


def laid_out(names: Sequence[str], splits: GivenSplits, place: str, kind: str, has: Callable[[str], bool]) -> Layout:
    """Find the splits of pictures.

    Args:
        names: of all pictures, relative to the folder or zip, with slashes.
        splits: what the user says of them.
        place: the folder or zip, for messages.
        kind: `folder` or `zip`: how the user names the data set.
        has: whether there is a file of that name (an index of labels marks a root).

    Raises:
        UserError: folders look like splits, but not all pictures lie in them, or two folders look like one split; a folder that the user
            names is not there, holds no pictures or lies in another.
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
        message = f"{place} holds folders that look like splits inside of others ({', '.join(deep[:3])})"
        raise UserError(f"{message}: write {_spelled(kind, place, {'train': f'{root}{deep[-1]}'})}, or splits: none")
    # A single folder `train` is no class, nor is the folder above classes.
    home = f"{root}{tops[0]}/" if len(tops) == 1 and roles else root
    return Layout({"train": list(names)}, {"train": home}, root)


def _top(name: str) -> str:
    """The first folder in a name; "" for a picture that lies in none."""
    return name.split("/", 1)[0] if "/" in name else ""


def _role(folder: str) -> str | None:
    """The split that a folder looks like, by a word in its name: `Train`, `test_set`, `val2017`."""
    words = (word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", folder))
    return next((ROLES[word] for word in words if word in ROLES), None)


def _root(names: Sequence[str], has: Callable[[str], bool]) -> str:
    """The folders that hold everything, one inside the other, down to an index of labels or to a folder that looks like a split."""
    root = ""
    while not has(f"{root}{INDEX}"):
        tops = {_top(name[len(root) :]) for name in names}
        only = tops.pop() if len(tops) == 1 else ""
        if not only or _role(only):
            break
        root += f"{only}/"
    return root


def _by_folder(names: Sequence[str], folders: Mapping[str, str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The names in each split's folder, and those folders, both in the order of splits."""
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


def _deeper(names: Sequence[str]) -> list[str]:
    """Folders below others that look like splits, of two kinds or more: `bottle/test`, `bottle/train`."""
    direct = {PurePosixPath(name.rpartition("/")[0]) for name in names}
    folders = {folder for lowest in direct for folder in (lowest, *lowest.parents) if len(folder.parts) > 1}
    found = {str(folder): role for folder in sorted(folders) if (role := _role(folder.name))}
    return list(found) if len(set(found.values())) > 1 and "train" in found.values() else []


def _doubtful(names: Sequence[str], roles: Mapping[str, str], place: str, kind: str, root: str) -> UserError:
    """What was seen, and how to say what it means."""
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
    """The data set with these folders as splits, as it is typed."""

    def text(value: str) -> str:
        return value if re.fullmatch(r"[\w./-]+(\.\.\.)?", value) else json.dumps(value, ensure_ascii=False)

    ordered = ", ".join(f"{split}: {text(folders[split])}" for split in SPLITS if split in folders)
    return f"{kind}:{{path: {text(place)}, splits: {{{ordered}}}}}"
