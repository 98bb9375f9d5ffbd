"""Computes digests of configurations and protocols: 16 hex digits that identify one of them.

A digest is a hash of canonical JSON text. One rule decides what enters that text: a field or hyperparameter enters if its value differs
from its default. The names in `hashed_always.json` enter at their defaults too. They are the names that existed when the first kept trials
were made, whose digests must not change. A new field needs no entry anywhere.
"""

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landscape.config.choices import Choice
from landscape.core.frozen_model import Frozen
from landscape.core.registry import Component


@functools.cache
def _always() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("hashed_always.json").read_text(encoding="utf-8"))
    return table


def hashed_fields(model: Frozen, kind: str) -> dict[str, Any]:
    """Return the fields of `model` that enter its digest, as plain data. Components keep all their hyperparameters.

    Args:
        model: A configuration or a protocol.
        kind: `trial` or `protocol`.
    """
    return _hashed(model, frozenset(_always()[kind]), "")


def _hashed(model: Frozen, always: frozenset[str], prefix: str) -> dict[str, Any]:
    data, spelled = model.to_json(), _always()["hashed_as"]
    found = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if prefix + name not in always and value == field.get_default(call_default_factory=True):
            continue
        nested = isinstance(value, Frozen) and not isinstance(value, Choice)
        found[spelled.get(name, name)] = _hashed(value, always, f"{prefix}{name}.") if nested else data[name]
    return found


def hashed_hyperparameters(component: Component[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return those hyperparameters of a component that enter a digest.

    All hyperparameters of a plugin enter, because its digests change with its source anyway.
    """
    always = _always()["components"].get(component.kind, {}).get(component.name, ())
    known = component.hyperparameters
    return {name: value for name, value in given.items() if component.is_plugin or name in always or value != _plain(known[name].default)}


def _plain(value: Any) -> Any:
    """Return `value` as JSON gives it back: a tuple becomes a list."""
    return json.loads(json.dumps(value))


def without_fields(identity: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the `identity` of a trial without some fields of its configuration."""
    return identity | {"config": {k: v for k, v in identity["config"].items() if k not in names}}


def digest_of(data: object) -> str:
    """Return the first 16 hex digits of the SHA-256 of `data` written as JSON with sorted keys and no spaces."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
