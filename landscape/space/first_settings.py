"""The settings that a study proposes before those of its searcher, and their mistakes."""

from collections.abc import Iterable, Sequence

from landscape.core.errors import UserError
from landscape.space.cells import Cell
from landscape.space.search_range import Assignment
from landscape.space.settings import First


def first_of(given: Iterable[First], cell: Cell) -> list[Assignment]:
    """Return the settings that are proposed first in a cell, in their order."""
    return [entry.values for entry in given if _belongs(entry, cell)]


def _belongs(entry: First, cell: Cell) -> bool:
    return all(cell.labels.get(axis) in labels for axis, labels in entry.when.items())


def first_mistake(given: Sequence[First], cells: Iterable[Cell], searcher: str) -> str:
    """Return why settings cannot come first in cells. The text is empty if they can.

    Each must belong to a cell, give every parameter that is searched there, and lie in the search space.
    """
    if given and searcher == "grid":
        return "a grid has all of its settings: leave first out, or choose another searcher"
    for number, entry in enumerate(given, start=1):
        owners = [cell for cell in cells if _belongs(entry, cell)]
        mistakes = (_mistake(entry, cell) for cell in owners)
        if mistake := next(filter(None, mistakes), "" if owners else "no cell has these levels: correct `when`"):
            return f"first, entry {number}: {mistake}"
    return ""


def _mistake(entry: First, cell: Cell) -> str:
    if missing := sorted(set(cell.parameters) - set(entry.values)):
        return f"cell {cell.id!r} also searches {missing[0]}: give its value"
    try:
        cell.config(entry.values, seed=0)
    except UserError as error:
        return str(error)
    return ""
