"""Named protocols: what a score means. `get(name)` builds one, `names()` lists them."""

from typing import Any

from landscape.config.protocol import Protocol
from landscape.config.protocols._catalogue import CATALOGUE
from landscape.core.errors import unknown


def names() -> list[str]:
    """Every named protocol, sorted."""
    return sorted(CATALOGUE)


def get(name: str) -> Protocol:
    """The protocol called `name`.

    Raises:
        UserError: there is none; lists them and suggests the nearest.
    """
    if name not in CATALOGUE:
        raise unknown("protocol", name, CATALOGUE)
    return Protocol.parse({"name": name, **CATALOGUE[name]}, source=f"protocol {name!r}")


def varied(protocol: Protocol, **changes: Any) -> Protocol:
    """A validated copy with some fields changed: its digest changes with them, so that it passes for no other protocol.

    Raises:
        UserError: an unknown field, or a value that is not valid.
    """
    return Protocol.parse(protocol.to_json() | changes, source=f"protocol {protocol.name!r}")
