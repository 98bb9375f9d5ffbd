"""Reads a component and its hyperparameters from one word: `hinge`, `gradient_penalty:weight=10,every=4`, `folder:/path`."""

import json
from typing import Any

from landscape.core.errors import UserError

WITH_PATH = ("folder", "zip", "pairs", "unpaired")
"""Data sets whose text names the path of their files: in `folder:a=b`, the text `a=b` is a path and not a hyperparameter.

Only a text that begins with `path=` or with `{` holds hyperparameters. A folder whose own name begins so is given as `./path=...`.
"""


def parse_value(text: str) -> Any:
    """Read a value as JSON: `1e-4` gives 0.0001, `true` gives True, `[1, 2]` gives a list. Text that is not JSON stays text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse_component(text: str, *, is_data: bool = True) -> dict[str, Any]:
    """Read `hinge` or `gradient_penalty:weight=10,every=4` into the dictionary that a configuration holds.

    Hyperparameters may also be written as in a study file, in braces: `folder:{path: a, splits: {train: b}}`. Otherwise everything after
    the colon is one path if the name is in `WITH_PATH`, unless it begins with `path=`; for other names it is one path if it contains a
    slash, unless an equals sign comes before the first slash.

    Args:
        text: The component as it is written.
        is_data: Whether it may be a data set. A task has the name of one that is in `WITH_PATH`, and no path.

    Raises:
        UserError: A hyperparameter has no value, or what stands in braces is not YAML.
    """
    name, colon, rest = text.partition(":")
    if not colon:
        return {"name": name}
    if rest.startswith("{") and rest.endswith("}"):
        given = _in_braces(text, rest)
    elif not rest.startswith("path=") if is_data and name in WITH_PATH else "/" in rest and "=" not in rest.split("/")[0]:
        return {"name": name, "hyperparameters": {"path": rest}}
    else:
        given = _listed(text, name, rest)
    choice: dict[str, Any] = {"name": name}
    if "every" in given:
        choice["every"] = given.pop("every")
    return choice | {"hyperparameters": given}


def _listed(text: str, name: str, rest: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for item in rest.split(","):
        key, equals, value = item.partition("=")
        if not equals or not key or not value:
            raise UserError(f"{text!r}: {item!r} is not of the form name=value; write {name}:weight=10,other=2")
        if key.strip() in given:
            raise UserError(f"{text!r}: {key.strip()} is given twice; give it once")
        given[key.strip()] = parse_value(value.strip())
    return given


def _in_braces(text: str, rest: str) -> dict[str, Any]:
    from landscape.core.strict_yaml import parse

    return dict(parse(rest, repr(text)).data)
