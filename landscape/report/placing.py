"""Puts the files of a report into their folder, each of them whole."""

from collections.abc import Mapping
from pathlib import Path

from landscape.core.errors import UserError


def place(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each file completely or not at all.

    The files are not flushed to disk one by one, which would take longer than drawing them, because a report can be made again.

    Raises:
        UserError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            partial = folder / f".{name}.tmp"
            partial.write_bytes(content)
            partial.replace(folder / name)
    except OSError as error:
        raise UserError(f"cannot write {folder}: {error.strerror or error}; free space there or choose another folder") from error
