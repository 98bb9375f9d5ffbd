"""The one way to a data set: by name, at a resolution, from the user's folder, a download or the cache."""

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
    """The data set `name`, prepared. The first call may read every file (and download); later calls map the prepared arrays.

    What was prepared is used again only for the same content: files that were touched are read again, whatever their sizes and times.

    Args:
        name: a registered name, dashes as good as underscores; `folder:/path` or `zip:/path.zip`.
        hyperparameters: of the data set.
        resolution: side in pixels; None for the data set's own.
        channels: 1 or 3; None for the data set's own.
        data_dir: where the files are. None: $LANDSCAPE_DATA, $DATA_DIR, `data` in the cache; in each also the sub-folder of that name.
        cache_dir: where prepared arrays are kept. None: the cache folder.
        progress: whether a long preparation is shown on stderr.
        verify: read every file and every prepared sample again, and compare checksums.

    Raises:
        UserError: unknown name or hyperparameter, files missing or damaged, a cache that cannot be written or was damaged.
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
    """(registered name, hyperparameters given): `folder:/p` -> folder, {"path": "/p"}; `celeba-hq-128:x=1` -> celeba_hq_128, {"x": 1}."""
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
