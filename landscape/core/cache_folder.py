"""The folder in which downloads, prepared data and computed features are kept."""

import os
from pathlib import Path

from landscape.core.errors import UserError, reason_of


def cache_folder() -> Path:
    """Return the cache folder: `LANDSCAPE_CACHE` if that is set, otherwise `landscape` inside the user's cache folder.

    The user's cache folder is `XDG_CACHE_HOME`, or `~/.cache`. The folder is not created here. Everything that is kept between runs lies
    in it: downloads (`data`, `weights`), prepared data (`datasets`), digests of files (`digests`), features (`features`), classifiers that
    were trained here (`classifiers`), and copies of what lies at an address (`staged`, `mirrors`).

    Raises:
        UserError: No variable names a folder, and the user has no home.
    """
    if given := os.environ.get("LANDSCAPE_CACHE"):
        # Where a variable is set in a file (of a container, of a service), no shell has replaced the `~`.
        return _expanded(given).absolute()
    users = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    return (Path(users) if os.path.isabs(users) else _expanded("~/.cache")) / "landscape"


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(f"no folder to keep data in: {reason_of(error)}; set LANDSCAPE_CACHE to a folder that can be written") from error
