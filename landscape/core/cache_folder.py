"""The folder in which downloads, prepared data and computed features are kept."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the cache folder: `LANDSCAPE_CACHE` if that is set, otherwise `landscape` inside the user's cache folder.

    The user's cache folder is `XDG_CACHE_HOME`, or `~/.cache`. The folder is not created here.
    """
    if given := os.environ.get("LANDSCAPE_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "landscape"
