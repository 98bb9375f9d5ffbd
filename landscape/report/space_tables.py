"""Makes the tables of the search space: the axes with their levels, and what was searched over which range."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from landscape.analysis.frames import customary
from landscape.core.wording import words
from landscape.report.formats import number
from landscape.report.tables import Column, Table


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def axes_table(space: Any) -> Table:
    """Return a table with a row for each level of each axis, and the settings that come with the level."""
    space = _mapping(space)
    axes, entries = _mapping(space.get("axes")), _mapping(space.get("entries"))
    order = space.get("axis_order")
    rows = []
    for axis in order if isinstance(order, list) else customary(map(str, axes)):
        given = entries.get(axis)
        by_label = {e.get("label"): e for e in given if isinstance(e, Mapping)} if isinstance(given, list) else {}
        levels = axes.get(axis)
        rows += [
            {"axis": words(str(axis)), "level": str(level), "means": _meaning(_mapping(by_label.get(level)))}
            for level in (levels if isinstance(levels, list) else [])
        ]
    columns = (Column("axis", "Axis"), Column("level", "Level"), Column("means", "Comes with", optional=True))
    return Table(
        "space_axes", "Axes", "Every combination of levels is a cell.", columns, pd.DataFrame(rows, columns=["axis", "level", "means"])
    )


def _meaning(entry: Mapping[str, Any]) -> str:
    """Return the settings of a level beyond its own name, such as `width 128; g_normalization none`."""
    parts = []
    for use in entry.get("use") or ():
        use = _mapping(use)
        named = f"{use.get('name')}: " if use.get("name") != entry.get("label") else ""
        hyper = ", ".join(f"{k} {v}" for k, v in _mapping(use.get("hyperparameters")).items())
        hyper += f"{', ' if hyper else ''}every {use['every']} steps" if use.get("every", 1) != 1 else ""
        parts += [f"{named}{hyper}"] if hyper or named else []
    return "; ".join([*parts, *(f"{k} {v}" for k, v in _mapping(entry.get("overrides")).items())])


def search_table(space: Any) -> Table:
    """Return a table with a row for each searched hyperparameter: its range or choices, its scale, what it sets, and when it exists."""
    rows = []
    for name, given in _mapping(_mapping(space).get("search")).items():
        entry = _mapping(given)
        sets = entry.get("sets")
        rows.append(
            {
                "name": str(name),
                "range": _range(entry),
                "scale": str(entry.get("scaling") or "") if entry.get("min") is not None else "",
                "sets": ", ".join(map(str, sets)) if isinstance(sets, list) else "",
                "when": "; ".join(f"{k} is {v}" for k, v in _mapping(entry.get("when")).items()),
            }
        )
    columns = (
        Column("name", "Hyperparameter"),
        Column("range", "Range"),
        Column("scale", "Scale", optional=True),
        Column("sets", "Sets", optional=True),
        Column("when", "Only when", optional=True),
    )
    frame = pd.DataFrame(rows, columns=[c.key for c in columns])
    return Table("space_search", "Searched", "What the searcher chose for each trial; everything else was fixed.", columns, frame)


def _range(entry: Mapping[str, Any]) -> str:
    choices = entry.get("choices")
    if isinstance(choices, list) and choices:
        return "one of " + ", ".join(map(str, choices))
    low, high = entry.get("min"), entry.get("max")
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        return f"{number(low)} to {number(high)}{', whole numbers' if entry.get('integer') else ''}"
    return ", ".join(f"{k} {v}" for k, v in entry.items())
