"""Digests of configurations and protocols: 16 hex digits over their canonical JSON text."""

import hashlib
import json
from typing import Any


def without_fields(identity: dict[str, Any], *names: str) -> dict[str, Any]:
    """`identity` of a trial with some fields of its config left out."""
    return identity | {"config": {k: v for k, v in identity["config"].items() if k not in names}}


def digest_of(data: object) -> str:
    """The first 16 hex digits of the SHA-256 of `data` as JSON with sorted keys and no spaces."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
