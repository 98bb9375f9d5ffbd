"""Computes the content hash of a data set, which is part of the identity of every model trained on it."""

import hashlib
from collections.abc import Mapping

import numpy as np

from landscape.components.datasets._base import SPLITS, Split


def content_hash(splits: Mapping[str, Split], other: Mapping[str, Split] | None = None) -> str:
    """Return the first 16 hex digits of a SHA-256 over the name, type, shape and bytes of what every split holds.

    Args:
        splits: The splits of the data set.
        other: Those of its second set, if it has one (`Dataset.other`).
    """
    digest = hashlib.sha256()
    named = [(name, splits[name]) for name in SPLITS if name in splits]
    named += [(f"other/{name}", other[name]) for name in SPLITS if other and name in other]
    for name, split in named:
        held = (
            ("samples", split.samples),
            ("labels", split.labels),
            ("parts", split.parts),
            ("inputs", split.inputs),
            ("tokens", split.tokens),
        )
        for kind, tensor in held:
            if tensor is None:
                continue
            array = np.ascontiguousarray(tensor.numpy())
            little = array.astype(array.dtype.newbyteorder("<"), copy=False)
            digest.update(f"{name}/{kind}/{little.dtype.str}/{little.shape};".encode())
            _update(digest, little)
    return digest.hexdigest()[:16]


def _update(digest: "hashlib._Hash", array: np.ndarray, rows: int = 1 << 14) -> None:
    """Hash an array in pieces, so that a memory-mapped array may be larger than the memory."""
    for start in range(0, len(array), rows):
        digest.update(array[start : start + rows].tobytes())
