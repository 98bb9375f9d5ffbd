"""Puts the files of a report into their folder, each of them whole."""

from collections.abc import Mapping
from pathlib import Path

from landscape.core.files import write_bytes


def place(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each file completely or not at all.

    The files are not flushed to disk one by one, which would take longer than drawing them, because a report can be made again.

    Raises:
        UserError: The folder cannot be written.
    """
    for name, content in files.items():
        write_bytes(folder / name, content, flush=False)
