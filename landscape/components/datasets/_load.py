"""Loads a data set by its name: from the user's folder, from a download, or as it was prepared before."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from landscape.components.datasets._base import DATASETS, Channels, Dataset, Request
from landscape.components.datasets._preparing.cache import require_unchanged
from landscape.components.datasets._preparing.memory import converted
from landscape.components.datasets._readers.files import shown
from landscape.core.cache_folder import cache_folder
from landscape.core.component_text import WITH_PATH, parse_component
from landscape.core.errors import UserError, unknown

MAX_RESOLUTION = 1024


def load_dataset(
    name: str,
    hyperparameters: Mapping[str, Any] | None = None,
    *,
    resolution: int | None = None,
    channels: int | None = None,
    data_dir: str | Path | None = None,
    cache_dir: str | Path | None = None,
    progress: bool = True,
    verify: bool = False,
) -> Dataset:
    """Load a data set, prepared for training and scoring.

    The first call may download and read every file; later calls map the arrays that it prepared. Prepared arrays are used again only for
    files with the same content. Files that have been touched since are read again, even if their sizes and times are the same.

    Args:
        name: A registered name, with dashes or underscores, or `folder:/path` or `zip:/path.zip`.
        hyperparameters: The hyperparameters of the data set. Those that are left out have their defaults.
        resolution: The side of the images in pixels, 1 to 1024. None stands for the data set's own.
        channels: 1 for gray or 3 for color. None stands for the data set's own.
        data_dir: The folder that holds the files. None stands for $LANDSCAPE_DATA, $DATA_DIR and `data` in the cache, which are searched
            in this order, each with its sub-folder of the data set's name.
        cache_dir: The folder in which prepared arrays are kept. None stands for the cache folder.
        progress: Whether a long preparation is shown on stderr.
        verify: Whether every file and every prepared sample is read again, and checksums are compared.

    Raises:
        UserError: The name or a hyperparameter is unknown, files are missing or damaged, or the cache cannot be written or was damaged.
    """
    component_name, implied = resolve_name(name)
    if component_name not in DATASETS:
        raise unknown("data set", name, map(shown, DATASETS))
    component = DATASETS[component_name]
    chosen = component.complete({**(hyperparameters or {}), **implied})
    request = replace(_request(resolution, channels, data_dir, cache_dir, progress), verify=verify)
    where = Path(data_dir) if data_dir else None
    dataset = component.call(hyperparameters=chosen, resolution=resolution, channels=channels, data_dir=where, request=request)
    if verify:
        require_unchanged(cast(Dataset, dataset))
    return _as_asked(cast(Dataset, dataset), request)


def resolve_name(name: str) -> tuple[str, dict[str, Any]]:
    """Split a name as it is typed into the registered name and the hyperparameters that stand in it.

    `folder:/p` gives folder and {"path": "/p"}; `celeba-hq-128:x=1` gives celeba_hq_128 and {"x": 1}.

    Raises:
        UserError: The name needs a path and has none, or a hyperparameter has no value.
    """
    kind, colon, rest = name.partition(":")
    registered = kind.replace("-", "_")
    if not colon or registered not in DATASETS:
        return name.replace("-", "_"), {}
    if not rest and kind in WITH_PATH:
        raise UserError(f"data set {name!r} lacks a path: write {kind}:/path/to/the/data")
    return registered, parse_component(name)["hyperparameters"]


def _request(
    resolution: int | None, channels: int | None, data_dir: str | Path | None, cache_dir: str | Path | None, progress: bool
) -> Request:
    if resolution is not None and not 1 <= resolution <= MAX_RESOLUTION:
        raise UserError(f"resolution={resolution} is not valid: choose from 1 to {MAX_RESOLUTION}")
    if channels not in (None, 1, 3):
        raise UserError(f"channels={channels} is not valid: choose 1 (gray) or 3 (color)")
    home = cache_folder()
    if data_dir is not None:
        roots: tuple[Path, ...] = (Path(data_dir).expanduser(),)
    else:
        named = (Path(os.environ[v]).expanduser() for v in ("LANDSCAPE_DATA", "DATA_DIR") if os.environ.get(v))
        roots = (*named, home / "data")
    return Request(
        resolution=resolution,
        channels=cast(Channels | None, channels),
        roots=roots,
        explicit=data_dir is not None,
        download_dir=home / "data",
        cache_dir=Path(cache_dir or home).expanduser(),
        progress=progress,
    )


def _as_asked(dataset: Dataset, request: Request) -> Dataset:
    if len(dataset.shape) == 3:
        return converted(dataset, request.resolution, request.channels)
    if request.resolution is not None or request.channels is not None:
        raise UserError(f"data set {dataset.name!r} holds points, which have no resolution or channels: leave both out")
    return dataset
