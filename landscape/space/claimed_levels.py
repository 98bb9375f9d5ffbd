"""Finds what the confirmation and the claims of a study name and its axes do not have."""

from collections.abc import Iterable, Mapping, Sequence

from landscape.core.errors import UserError, unknown
from landscape.published.findings import Claim
from landscape.space.axes import COMPONENT_AXES, Entry, choices

NO_COMPONENT = "none"
"""What a claim calls the absence of a component, in any field."""
Axes = Mapping[str, Sequence[Entry]]
Mistake = tuple[tuple[str | int, ...], UserError]
"""A place in the study, and the error that says what is wrong there."""


def unknown_level(confirmed: Iterable[str], claims: Iterable[Claim], axes: Axes) -> Mistake | None:
    """Return the first axis or level that the confirmation or a claim names and the study does not have, or None if there is none.

    A claim may name an axis, or a field that entries of an axis set; and of it labels and components.
    """
    for axis in confirmed:
        if axis not in axes:
            return ("confirmation", "axes"), unknown("axis in confirmation.axes", axis, axes)
    return next((found for i, claim in enumerate(claims) if claim.axis and (found := _of_claim(i, claim, axes))), None)


def _of_claim(i: int, claim: Claim, axes: Axes) -> Mistake | None:
    if not _names(claim.axis, axes):
        fields = {field for entries in axes.values() for entry in entries for field in entry.overrides}
        return ("claims", i, "axis"), unknown(f"axis of claim {claim.id}", claim.axis, {*axes, *fields})
    named = [("levels", claim.axis, claim.levels), ("against", claim.axis, claim.against)]
    named += [("where", axis, levels) for axis, levels in claim.where.items() if _names(axis, axes)]
    for field, axis, levels in named:
        known = _names(axis, axes)
        for level in levels:
            if level not in known:
                return ("claims", i, field), unknown(f"level of {axis} in claim {claim.id}", level, known)
    return None


def _names(field: str, axes: Axes) -> set[str]:
    """Return what a claim may call the levels of a field: those of its axis, and what entries of other axes put into it.

    An entry of several components has no name but its label, as where claims are judged (`names_of_levels`).
    """
    named = {name for entry in axes.get(field, ()) for name in (entry.label, *(choice.name for choice in entry.use if len(entry.use) == 1))}
    setting = [entry for entries in axes.values() for entry in entries if field in entry.overrides]
    for entry in setting if field in COMPONENT_AXES else ():
        given = choices(field, entry.overrides[field])
        found = given if isinstance(given, list) else [given]
        if entry.label == NO_COMPONENT or not found:
            named.add(NO_COMPONENT)
        elif len(found) == 1:
            named.add(str(found[0]["name"]))
    return named
