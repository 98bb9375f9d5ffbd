"""The named protocols, each of which defines what a score means. `get(name)` builds one and `names()` lists them."""

from typing import Any

from landscape.config.protocol import Protocol
from landscape.config.protocols._catalogue import CATALOGUE
from landscape.config.protocols._of_tasks import OF_TASKS
from landscape.core.errors import unknown

_ALL = {**CATALOGUE, **OF_TASKS}


def names() -> list[str]:
    """Return the name of every named protocol, sorted."""
    return sorted(_ALL)


def get(name: str) -> Protocol:
    """Build the protocol called `name`.

    Raises:
        UserError: There is no such protocol. The line lists all of them and suggests the most similar one.
    """
    if name not in _ALL:
        raise unknown("protocol", name, _ALL)
    return Protocol.parse({"name": name, **_ALL[name]}, source=f"protocol {name!r}")


def varied(protocol: Protocol, **changes: Any) -> Protocol:
    """Return a validated copy with some fields changed. Its digest differs, so that it cannot be taken for the original.

    Raises:
        UserError: A field is unknown, or a value is not valid.
    """
    return Protocol.parse(protocol.to_json() | changes, source=f"protocol {protocol.name!r}")
