"""Reads a component and its hyperparameters from one word: `hinge`, `gradient_penalty:weight=10,every=4`, `folder:/path`."""

import json
from typing import Any

from landscape.core.errors import UserError

WITH_PATH = ("folder", "zip")
"""Data sets whose text names the path of their files: in `folder:a=b`, the text `a=b` is a path and not a hyperparameter."""


def parse_value(text: str) -> Any:
    """Read a value as JSON: `1e-4` gives 0.0001, `true` gives True, `[1, 2]` gives a list. Text that is not JSON stays text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse_component(text: str) -> dict[str, Any]:
    """Read `hinge` or `gradient_penalty:weight=10,every=4` into the dictionary that a configuration holds.

    Everything after the colon is one path if the name is in `WITH_PATH` or the text contains a slash, unless an equals sign comes before
    the first slash.

    Raises:
        UserError: A hyperparameter has no value.
    """
    name, colon, rest = text.partition(":")
    if not colon:
        return {"name": name}
    if (name in WITH_PATH or "/" in rest) and "=" not in rest.split("/")[0]:
        return {"name": name, "hyperparameters": {"path": rest}}
    given: dict[str, Any] = {}
    for item in rest.split(","):
        key, equals, value = item.partition("=")
        if not equals or not key or not value:
            raise UserError(f"{text!r}: {item!r} is not of the form name=value; write {name}:weight=10,other=2")
        given[key.strip()] = parse_value(value.strip())
    choice: dict[str, Any] = {"name": name}
    if "every" in given:
        choice["every"] = given.pop("every")
    return choice | {"hyperparameters": given}
