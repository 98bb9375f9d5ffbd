"""Which data sets lie prepared in the cache, and where the files of the named ones are looked for."""

from typing import Any

from landscape.components.datasets._base import DATASETS
from landscape.core.errors import UserError
from landscape.core.files import read_json
from landscape.inventory.components import as_json


def prepared_datasets() -> list[dict[str, Any]]:
    """What lies prepared in the cache: name, shape of a sample, bytes on disk, content hash, folder."""
    import numpy as np

    from landscape.core.cache_folder import cache_folder

    found = []
    for path in sorted((cache_folder() / "datasets").glob("[!.]*/meta.json")):
        try:
            meta = read_json(path)
            shape = np.load(path.parent / "train.npy", mmap_mode="r", allow_pickle=False).shape[1:]
            facts = {"name": meta["name"], "bytes": sum(meta["sizes"].values()), "content_hash": meta["content_hash"]}
        except (UserError, OSError, ValueError, KeyError, TypeError, AttributeError):
            # Half-prepared or damaged: the data set will be prepared again when it is asked for.
            continue
        found.append(facts | {"shape": list(shape), "folder": str(path.parent)})
    return found


def dataset_status() -> list[dict[str, Any]]:
    """Every data set with its source, and what of it lies prepared in the cache."""
    prepared: dict[str, list[dict[str, Any]]] = {}
    for entry in prepared_datasets():
        prepared.setdefault(entry["name"], []).append(entry)
    return [
        {
            "name": name.replace("_", "-"),
            "source": DATASETS[name].facts.source,
            "downloads": DATASETS[name].facts.downloads,
            "shape": as_json(DATASETS[name].facts.shape),
            "prepared": prepared.get(name, []),
        }
        for name in DATASETS
    ]
