"""Locks on files: one process at a time does what several want. The system releases a lock when its holder ends, however it ends."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from landscape.core.errors import UserError


def take_lock(path: Path, *, wait: bool) -> TextIO | None:
    """Open the file `path` with its content unchanged, and lock it. Closing the file releases the lock.

    Args:
        path: The file; it and its folder are made where they are missing. It stays when the lock is released.
        wait: Whether to wait while another process holds the lock.

    Returns:
        The file, open for reading and appending; None where another process holds the lock and `wait` is False.

    Raises:
        OSError: The file cannot be opened for writing, or its file system has no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = open(path, "a+", encoding="utf-8")  # noqa: SIM115 - it stays open as long as the lock is held
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except BaseException:
        file.close()
        raise
    return file


@contextlib.contextmanager
def locked(path: Path, *, what: str = "", remedy: str = "set LANDSCAPE_CACHE to a folder that can be written") -> Iterator[None]:
    """Hold the lock `.NAME.lock` beside `path`, after waiting for it.

    Raises:
        UserError: The folder cannot be written. The message has `what` before the folder and ends with `remedy`.
    """
    try:
        file = take_lock(path.with_name(f".{path.name}.lock"), wait=True)
    except OSError as error:
        raise UserError(f"cannot write {what}{path.parent}: {error.strerror or error}; {remedy}") from error
    assert file is not None
    with file:
        yield
