"""Lists the data sets that are prepared in the cache, and says where each named one comes from."""

from typing import Any

from landscape.components.datasets._base import DATASETS
from landscape.core.errors import UserError
from landscape.core.files import read_json
from landscape.inventory.components import as_json


def prepared_datasets() -> list[dict[str, Any]]:
    """List the data sets in the cache: name, shape of a sample, bytes on disk, content hash, folder.

    `current` is False for data that an earlier version of the program prepared. They are not used any more and may be deleted.
    """
    import numpy as np

    from landscape.components.datasets._preparing.cache import FORMAT
    from landscape.core.cache_folder import cache_folder

    found = []
    for path in sorted((cache_folder() / "datasets").glob("[!.]*/meta.json")):
        try:
            meta = read_json(path)
            shape = np.load(path.parent / "train.npy", mmap_mode="r", allow_pickle=False).shape[1:]
            facts = {"name": meta["name"], "bytes": sum(meta["sizes"].values()), "content_hash": meta["content_hash"]}
        except (UserError, OSError, ValueError, KeyError, TypeError, AttributeError):
            # The folder is incomplete or damaged. The data set will be prepared again when it is next needed.
            continue
        found.append(facts | {"shape": list(shape), "folder": str(path.parent), "current": meta.get("format") == FORMAT})
    return found


def dataset_status() -> list[dict[str, Any]]:
    """List every data set with its source and with what is prepared of it in the cache."""
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
