"""Where downloads and prepared data are kept."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Where features, downloaded weights and locally trained classifiers are kept: LANDSCAPE_CACHE, else the user's cache folder."""
    if given := os.environ.get("LANDSCAPE_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "landscape"
