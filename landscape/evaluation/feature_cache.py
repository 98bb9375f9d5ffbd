"""Keeps features on disk by the content of the samples, the extractor, its weights and the handling.

Entries are written whole or not at all. A damaged entry is computed again.
"""

import contextlib
import hashlib
import json
import os
import uuid
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from landscape.components.extractors._base import Features
from landscape.core.cache_folder import cache_folder
from landscape.core.errors import UserError, reason_of
from landscape.core.locks import locked

FORMAT = 1
"""A number that is raised when the layout changes. Entries with another number are not used."""


def folder() -> Path:
    """Return the folder in which features are kept on this machine."""
    return cache_folder() / "features"


def cached_features(identity: Mapping[str, str], compute: Callable[[], Features]) -> Features:
    """Return the features that `identity` names, from disk or, if they are not there, computed now and kept.

    If several processes want one entry, one of them computes it, and the others wait and then read it. If the folder cannot be written, the
    features are computed and a warning says so.

    Args:
        identity: Everything that decides the features: content, extractor, weights, handling and precision.
        compute: Computes the features.
    """
    text = json.dumps({"format": str(FORMAT), **identity}, sort_keys=True)
    path = folder() / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.safetensors"
    if (found := _read(path)) is not None:
        return found
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(path))
        except UserError as error:
            warnings.warn(f"{error}; features are not kept", stacklevel=2)
            return compute()
        # Another process may have written it while we waited.
        if (found := _read(path)) is not None:
            return found
        features = compute()
        _write(path, features, text)
        return features


class CacheEntry(NamedTuple):
    """A set of features that is kept on disk."""

    path: Path
    bytes: int
    extractor: str
    samples: int
    width: int


def entries() -> list[CacheEntry]:
    """List everything that is kept, beginning with the largest. A damaged entry is listed without extractor and samples."""
    found = []
    for path in folder().glob("*.safetensors"):
        extractor, shape = "", [0, 0]
        with contextlib.suppress(OSError, SafetensorError, ValueError), safe_open(path, framework="pt") as file:
            extractor = json.loads((file.metadata() or {}).get("identity", "{}")).get("extractor", "").split(" ")[0]
            shape = file.get_slice("features").get_shape()
        with contextlib.suppress(FileNotFoundError):  # Another process may have emptied the cache meanwhile.
            found.append(CacheEntry(path, path.stat().st_size, extractor, *shape))
    return sorted(found, key=lambda entry: -entry.bytes)


def empty() -> list[CacheEntry]:
    """Remove everything that is kept, and return what was removed. Features are computed again when they are needed."""
    removed = entries()
    for entry in removed:
        entry.path.unlink(missing_ok=True)
    return removed


def _write(path: Path, features: Features, identity: str) -> None:
    """Write the features whole or not at all. They are not flushed to disk, because the checksum shows what a crash has damaged."""
    tensors = {"features": features.features.contiguous()}
    if features.logits is not None:
        tensors["logits"] = features.logits.contiguous()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        save_file(tensors, temporary, metadata={"identity": identity, "checksum": _checksum(tensors)})
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        temporary.unlink(missing_ok=True)
        warnings.warn(f"cannot keep features in {path.parent}: {reason_of(error)}; free space there or set LANDSCAPE_CACHE", stacklevel=3)


def _read(path: Path) -> Features | None:
    """Return the entry, or None if there is none. A damaged entry is removed with a warning."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            expected = (file.metadata() or {}).get("checksum")
    except (OSError, SafetensorError, ValueError) as error:
        _damaged(path, reason_of(error))
        return None
    if "features" not in tensors or _checksum(tensors) != expected:
        _damaged(path, "its checksum does not match")
        return None
    return Features(tensors["features"], tensors.get("logits"))


def _damaged(path: Path, reason: str) -> None:
    warnings.warn(f"cached features {path} are damaged ({reason}): computing them again", stacklevel=4)
    path.unlink(missing_ok=True)


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].contiguous().numpy().data)
    return digest.hexdigest()
