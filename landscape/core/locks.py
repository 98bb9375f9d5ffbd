"""One process at a time on a file that several want."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from landscape.core.errors import UserError


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock named after `path`; it is released when its holder ends or dies.

    Raises:
        UserError: the folder cannot be written.
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
