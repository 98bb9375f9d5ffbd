"""A component and its hyperparameters in one word: `hinge`, `gradient_penalty:weight=10,every=4`, `folder:/path`."""

import json
from typing import Any

from landscape.core.errors import UserError

WITH_PATH = ("folder", "zip")
"""Data sets that are named with the path of their files."""


def parse_value(text: str) -> Any:
    """`1e-4` -> 0.0001, `true` -> True, `[1, 2]` -> a list; anything that is not JSON stays text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse_component(text: str) -> dict[str, Any]:
    """`hinge` or `gradient_penalty:weight=10,every=4` as a config holds it; `folder:a`, `zip:a.zip` and what has a slash keep their path.

    Raises:
        UserError: a hyperparameter without a value.
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
