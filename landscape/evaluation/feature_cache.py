"""Features on disk: by content of the samples, extractor, weights and handling. Written whole; a damaged entry is computed again."""

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
"""Counts changes of the layout; another number computes anew."""


def folder() -> Path:
    """Where features are kept on this machine."""
    return cache_folder() / "features"


def cached_features(identity: Mapping[str, str], compute: Callable[[], Features]) -> Features:
    """The features that `identity` names, from disk or computed now and kept.

    Several processes may want one entry: one computes, the others wait for it and read. Where the folder cannot be written,
    the features are computed and a warning says so.

    Args:
        identity: everything that decides the features: content, extractor, weights, handling, precision.
        compute: makes them.
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
    """One kept set of features."""

    path: Path
    bytes: int
    extractor: str
    samples: int
    width: int


def entries() -> list[CacheEntry]:
    """Everything that is kept, the largest first; a damaged entry shows no extractor and no samples."""
    found = []
    for path in folder().glob("*.safetensors"):
        extractor, shape = "", [0, 0]
        with contextlib.suppress(OSError, SafetensorError, ValueError), safe_open(path, framework="pt") as file:
            extractor = json.loads((file.metadata() or {}).get("identity", "{}")).get("extractor", "").split(" ")[0]
            shape = file.get_slice("features").get_shape()
        with contextlib.suppress(FileNotFoundError):  # another process emptied the cache meanwhile
            found.append(CacheEntry(path, path.stat().st_size, extractor, *shape))
    return sorted(found, key=lambda entry: -entry.bytes)


def empty() -> list[CacheEntry]:
    """Remove everything that is kept, and return what was removed: features are computed again where they are wanted."""
    removed = entries()
    for entry in removed:
        entry.path.unlink(missing_ok=True)
    return removed


def _write(path: Path, features: Features, identity: str) -> None:
    """Keep the features, whole or not at all. Not flushed to disk: after a crash the checksum tells, and they can be made again."""
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
    """The entry; None if it is absent, or damaged, in which case a warning is given and it is removed."""
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
