"""Keeps prepared data sets on disk: arrays that are written once, completely or not at all, and memory-mapped afterwards.

<cache>/datasets/<name>-<key>/meta.json              the content hash, the sizes of the files, and what the preparation did
<cache>/datasets/<name>-<key>/train.npy              uint8 (N, C, H, W)
<cache>/datasets/<name>-<key>/train-labels.npy       int64 (N,)
<cache>/datasets/<name>-<key>/train-inputs.npy       uint8 (N, C, H, W), the picture that belongs to each sample
<cache>/datasets/<name>-<key>/train-tokens.npy       int64 (N, L), the text or phones of each sample, or (N, K, L), its K texts
<cache>/datasets/<name>-<key>/train-other.npy        uint8 (M, C, H, W), the samples of the second set of images
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from landscape.components.datasets._base import SPLITS, Dataset, Request, Split
from landscape.components.datasets._preparing.content import content_hash
from landscape.components.datasets._speech import language_of
from landscape.core.errors import UserError
from landscape.core.file_digests import State, recall, remember, states_of
from landscape.core.files import read_json, write_json
from landscape.core.locks import locked

INPUTS = "-inputs"
"""The end of the name of a file with the pictures that belong to the samples of a split."""
OTHER = "-other"
"""The end of the name of a file with the samples of a split of the second set of images (`Dataset.other`)."""
TOKENS = "-tokens"
"""The end of the name of a file with the texts or phones that belong to the samples of a split."""
LABELS = "-labels"
"""The end of the name of a file with the classes of the samples of a split."""
FORMAT = 2
"""The number of this layout, and of the way in which pictures are prepared. Data with another number are prepared again."""


def cached(request: Request, name: str, identity: Mapping[str, Any], fill: Callable[[Path], Mapping[str, Any]]) -> Dataset:
    """Return the data set that `identity` decides, from the disk if it was prepared before.

    If several processes ask at once, one of them prepares the data and the others wait for it.

    Args:
        request: Names the folder of the cache.
        name: The name of the data set.
        identity: Plain data that decide the outcome: the digest of what the files hold, and every setting.
        fill: Writes `<split>.npy` and `<split>-labels.npy` into the folder that it is given, and returns the fields `classes`,
            `handling` and `classifier` of the Dataset; for data with texts or of speech also `language`, a `Language` or `Speech` as plain
            data.

    Raises:
        UserError: `fill` raises it, or the cache cannot be written.
    """
    text = json.dumps({"format": FORMAT, "name": name, **identity}, sort_keys=True, default=str)
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = request.cache_dir / "datasets" / f"{name}-{key}"
    if (ready := _opened(folder, name, request.digests)) is not None:
        return ready
    with locked(folder, what="the data cache ", remedy="free space there or set LANDSCAPE_CACHE to another folder"):
        if (ready := _opened(folder, name, request.digests)) is not None:
            return ready
        content = _prepare(folder, name, fill)
        remember(request.digests, _states(folder), content)
    ready = _opened(folder, name, request.digests)
    if ready is None:
        raise UserError(f"the prepared data in {folder} vanished or changed while being written: is another program cleaning the cache?")
    return ready


def _prepare(folder: Path, name: str, fill: Callable[[Path], Mapping[str, Any]]) -> str:
    """Prepare the data into `folder`, and return the content hash of what lies there then."""
    _remove_leftovers(folder)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        facts = dict(fill(temporary))
        # The samples are read back from the files, because the hash is to be that of what is on the disk.
        content = content_hash(_read_splits(temporary), _read_splits(temporary, OTHER))
        sizes = {f.name: f.stat().st_size for f in sorted(temporary.glob("*.npy"))}
        write_json(temporary / "meta.json", {**facts, "content_hash": content, "sizes": sizes, "name": name, "format": FORMAT})
        os.replace(temporary, folder)
        return content
    except OSError as error:
        raise _unwritable(folder.parent, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_leftovers(folder: Path) -> None:
    """Remove what a killed process left, and damaged data. The caller holds the lock, so nobody is writing."""
    for leftover in folder.parent.glob(f".{folder.name}.*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
    if folder.exists():
        print(f"landscape: the prepared data in {folder} are damaged; preparing them again", file=sys.stderr)
        shutil.rmtree(folder)


def _opened(folder: Path, name: str, digests: Path) -> Dataset | None:
    """Return the data set in `folder`, or None if it is not there, is incomplete, or is no longer what was prepared.

    Arrays that somebody has touched, or that were copied from another machine, are read once, and their content hash is compared.
    """
    try:
        meta = read_json(folder / "meta.json")
        if any((folder / file).stat().st_size != size for file, size in meta["sizes"].items()):
            return None
        splits, other = _read_splits(folder), _read_splits(folder, OTHER)
        states = _states(folder)
        if recall(digests, states) != meta["content_hash"]:
            if content_hash(splits, other) != meta["content_hash"]:
                return None
            remember(digests, states, meta["content_hash"])
        facts = {k: meta[k] for k in ("classes", "handling", "classifier")}
        language = language_of(meta.get("language"))
        return Dataset(name=name, splits=splits, content_hash=meta["content_hash"], other=other, language=language, **facts)
    except (UserError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _read_splits(folder: Path, end: str = "") -> dict[str, Split]:
    """Return the splits whose files have names that end in `end`, such as `OTHER`."""
    import torch

    def mapped(path: Path) -> "torch.Tensor":
        # Torch needs a writable array. The mapping is copy-on-write, so that nothing is ever written to the file.
        return torch.from_numpy(np.load(path, mmap_mode="c", allow_pickle=False))

    found = {}
    for name in SPLITS:
        if (samples := folder / f"{name}{end}.npy").exists():
            files = (folder / f"{name}{end}{part}.npy" for part in (LABELS, INPUTS, TOKENS))
            labels, inputs, tokens = (mapped(file) if file.exists() else None for file in files)
            found[name] = Split(mapped(samples), labels, inputs=inputs, tokens=tokens)
    return found


def _states(folder: Path) -> tuple[State, ...]:
    return states_of(sorted(folder.glob("*.npy")))


def require_unchanged(dataset: Dataset) -> None:
    """Read every sample, and compare the content hash with the one under which the data were prepared.

    Raises:
        UserError: The hashes differ, although nothing about the files tells so, as after a failure of the disk.
    """
    if content_hash(dataset.splits, dataset.other) != dataset.content_hash:
        raise UserError(
            f"the prepared data of {dataset.name!r} have changed on disk: delete the folder `datasets` of the cache to prepare them again"
        )


def _unwritable(folder: Path, error: Exception) -> UserError:
    reason = getattr(error, "strerror", None) or error
    return UserError(f"cannot write the data cache {folder}: {reason}; free space there or set LANDSCAPE_CACHE to another folder")
