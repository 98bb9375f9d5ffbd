"""Finds and reads a user's files: knows where to look, what counts as a picture, and the limits on what is read."""

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from landscape.components.datasets._base import DATASETS, Request
from landscape.components.datasets._preparing.pictures import SUFFIXES
from landscape.core.errors import UserError


class IncompleteError(UserError):
    """A folder holds some of the files of a data set, but not all of them.

    Attributes:
        folder: The folder.
        lacking: The name of the first file that is not there, or of all the names that it may have.
    """

    def __init__(self, message: str, folder: Path, lacking: str) -> None:
        super().__init__(message)
        self.folder, self.lacking = folder, lacking


def find(request: Request, name: str, required: Mapping[str, Sequence[str]], inside: Sequence[str] = ("",)) -> dict[str, Path] | None:
    """Find the files of a data set in each root, and in its sub-folders `name` and `inside`.

    Args:
        request: Names the roots.
        name: The name of the data set.
        required: For each file, its alternative names. The first one that exists is taken.
        inside: Sub-folders in which the files may lie.

    Returns:
        The path of each file by its key in `required`, or None if no folder holds any of them.

    Raises:
        IncompleteError: A folder holds some of the files but not all of them.
        UserError: The user's own folder is empty or cannot be read.
    """
    for folder in _folders(request, name, inside):
        found = {key: path for key, names in required.items() for path in [_first(folder, names)] if path is not None}
        if len(found) == len(required):
            return found
        if found:
            lacking = " or ".join(next(names for key, names in required.items() if key not in found))
            message = f"data set {shown(name)!r}: {folder} has no {lacking}: put it beside {next(iter(found.values())).name}"
            raise IncompleteError(message, folder, lacking)
    return None


def _folders(request: Request, name: str, inside: Sequence[str]) -> Iterator[Path]:
    if request.explicit:
        check_folder(request.roots[0], name)
    for root in request.roots:
        # The folder of the data set's own name comes first, because MNIST and Fashion-MNIST give their files the same names.
        for folder in dict.fromkeys((root / shown(name), root / name, root)):
            for sub in inside:
                if os.path.isdir(folder / sub):
                    yield folder / sub


def _first(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / n for n in names if os.path.exists(folder / n)), None)


def shown(name: str) -> str:
    """Return a name as users type it: `celeba-hq-128`."""
    return name.replace("_", "-")


def missing(request: Request, name: str, reason: str = "", source: str = "") -> NoReturn:
    """Raise the UserError that says where a data set was looked for, what to fetch and where to put it."""
    places = ", ".join(str(r) for r in request.roots)
    why = f" ({reason})" if reason else ""
    where = request.roots[0] if request.explicit else request.download_dir / shown(name)
    what = source or DATASETS[name].facts.source
    raise UserError(
        f"data set {shown(name)!r} not found in {places}{why}: put its files into {where} or name their folder (--data-dir, DATA_DIR):"
        f" {what}"
    )


def check_folder(folder: Path, name: str = "") -> None:
    """Raise a UserError unless `folder` is a folder that can be listed and is not empty. It says what the data set `name` consists of."""
    try:
        empty = next(os.scandir(folder), None) is None
    except OSError as error:
        raise UserError(f"data folder {folder} cannot be read: {error.strerror or error}; check the path and its permissions") from error
    if empty:
        wanted = f"; data set {shown(name)!r}: {DATASETS[name].facts.source}" if name else ""
        raise UserError(f"data folder {folder} is empty: put the data there or name another folder{wanted}")


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the content of a regular file.

    Raises:
        UserError: The file cannot be read, is not a regular file, or has more than `limit` bytes.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UserError(f"{path} is not a regular file: replace it or leave it out")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > limit:
        raise UserError(f"{path} is larger than the limit of {limit:,} bytes: it is not what it seems to be")
    return data


class Walked(NamedTuple):
    """What lies in a folder and in its sub-folders, sorted by relative path."""

    files: list[Path]
    """Every regular file."""
    dead_links: list[Path]
    """Symbolic links whose target is missing."""


def walk(root: Path) -> Walked:
    """List what lies in a folder and in its sub-folders. Hidden files and folders are left out.

    Raises:
        UserError: A folder cannot be listed, or a symbolic link leads out of `root`, so that its target does not belong to the data.
    """
    check_folder(root)
    real_root = root.resolve()
    files: list[Path] = []
    dead_links: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=_unreadable):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        here = Path(folder)
        for entry in (here / n for n in [*folders, *names] if not n.startswith(".")):
            if entry.is_symlink() and not entry.resolve().is_relative_to(real_root):
                raise UserError(f"{entry} is a symbolic link out of {root}: copy what it points to, or remove it")
            if entry.is_file():
                files.append(entry)
            elif entry.is_symlink() and not entry.exists():
                dead_links.append(entry)
    return Walked(*(sorted(found, key=lambda f: f.relative_to(root).parts) for found in (files, dead_links)))


def picture_files(request: Request, name: str, inside: Sequence[str]) -> list[Path]:
    """Return the pictures of the first folder that holds any, in natural order (2.jpg before 10.jpg).

    The folders are the sub-folders `name` and `inside` of each root. The root itself, with everything in it, is one of them only if the
    user named it.

    Raises:
        UserError: A folder cannot be read, the user's own is empty, or a link to a picture leads nowhere.
    """
    if request.explicit:
        check_folder(request.roots[0], name)
    for root in request.roots:
        folders = [root / n for n in (shown(name), name)]
        within = [folder / i for folder in (*folders, root) for i in inside]
        for folder in (*within, *folders, *([root] if request.explicit else [])):
            if not folder.is_dir():
                continue
            walked = walk(folder)
            if dead := next((link for link in walked.dead_links if link.suffix.lower() in SUFFIXES), None):
                raise UserError(f"{dead} is a link to {os.readlink(dead)}, which is not there: bring it back, or fetch the data again")
            if files := [f for f in walked.files if f.suffix.lower() in SUFFIXES]:
                return sorted(files, key=lambda f: natural_key(f.relative_to(folder).as_posix()))
    return []


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Return a key by which names are sorted so that numbers in them count by their value."""
    parts = re.split(r"(\d+)", text)
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts]


def _unreadable(error: OSError) -> None:
    raise UserError(f"data folder {error.filename} cannot be read: {error.strerror or error}; check its permissions") from error
