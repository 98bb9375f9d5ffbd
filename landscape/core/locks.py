"""A lock between processes for a file that several of them want to change."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from landscape.core.errors import UserError


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock named after `path` while the block runs. The lock is released when its holder leaves the block or dies.

    Raises:
        UserError: The folder of `path` cannot be written.
    """
    from filelock import FileLock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f".{path.name}.lock"))
        lock.acquire()
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"cannot write {path.parent}: {reason}; set LANDSCAPE_CACHE to a folder that can be written") from error
    try:
        yield
    finally:
        lock.release()
