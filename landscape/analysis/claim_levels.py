"""What the levels and trials of a study are called in claims: by label, or by the component that they put into a field."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from landscape.core.wording import join
from landscape.published.findings import Claim
from landscape.results.studies import Study
from landscape.results.trial_files import Trial

Known = Mapping[str, set[str]]
"""For each label of an axis, the names that a claim may use for it."""


def component(value: Any) -> str:
    """Return the name of one component given in any short form. It is `none` for an empty list and empty for several components."""
    if isinstance(value, (list, tuple)):
        return "none" if not value else component(value[0]) if len(value) == 1 else ""
    if isinstance(value, Mapping):
        return str(value.get("name") or next(iter(value), ""))
    return str(value).partition(":")[0]


def entries_of(study: Study, axis: str) -> list[Mapping[str, Any]]:
    """Return the entries of an axis of the study's space."""
    space = study.facts.get("space")
    entries: Any = space.get("entries", {}).get(axis, []) if isinstance(space, Mapping) else []
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def names_of_levels(study: Study, axis: str, field: str = "", where: Mapping[str, Sequence[str]] | None = None) -> dict[str, set[str]]:
    """Return, for each label of an axis, the names that a claim about the levels of `field` may use for it.

    On the axis of that field they are the label, and the component if the entry has a single one. On an axis of the study's own
    (`method`) a label represents the component that its entry puts into `field`, if the entry changes nothing else but fields to which
    the claim is limited (`where`), and those as the claim has them. The label `none` represents the absence of a component in any field.
    """
    names: dict[str, set[str]] = {}
    for entry in entries_of(study, axis):
        label, used, overrides = str(entry.get("label")), entry.get("use") or [], entry.get("overrides") or {}
        if field and field != axis:
            alone = [component(overrides[field])] if field in overrides and _changes_no_more(overrides, field, where or {}) else []
            names[label] = {*alone, *(["none"] if label == "none" else [])}
        else:
            alone = [str(used[0]["name"])] if len(used) == 1 and used[0].get("every", 1) == 1 else []
            names[label] = {label, *alone}
    return names


def _changes_no_more(overrides: Mapping[str, Any], field: str, where: Mapping[str, Sequence[str]]) -> bool:
    return all(other == field or component(value) in where.get(other, ()) for other, value in overrides.items())


def set_by_levels(study: Study, axis: str, field: str, levels: Iterable[str]) -> set[str]:
    """Return the components that the entries of `levels` put into `field`, with an empty text for an entry that does not set it."""
    overrides = {str(entry.get("label")): entry.get("overrides") or {} for entry in entries_of(study, axis)}
    return {component(overrides[level][field]) if field in overrides.get(level, {}) else "" for level in levels}


def is_named(level: str, names: Sequence[str], known: Known) -> bool:
    """Return whether one of `names` is a name of the level."""
    return bool(known.get(level, {level}) & set(names))


def covers(claim: Claim, known: Known) -> bool:
    """Return whether an axis has a level for each side of the claim."""
    return all(any(names & set(side) for names in known.values()) for side in (claim.levels, claim.against))


def shared_component(study: Study, field: str) -> str:
    """Return the component that all trials have in a field that is no axis. It is empty if trials differ or have several."""
    space = study.facts.get("space")
    base = space.get("base") if isinstance(space, Mapping) else None
    values = [trial.record.config[field] for trial in study.trials if field in trial.record.config]
    if not values and isinstance(base, Mapping) and field in base:
        values = [base[field]]
    names = {component(value) for value in values}
    return names.pop() if len(names) == 1 else ""


def fits(trial: Trial, wanted: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a trial has one of the wanted components, or is at a level of that name, in each field."""
    config, cell = trial.record.config, trial.record.study.get("cell")
    labels = cell if isinstance(cell, Mapping) else {}
    return all(
        (field in config and component(config[field]) in names) or (field in labels and str(labels[field]) in names)
        for field, names in wanted.items()
    )


def described(wanted: Mapping[str, Sequence[str]]) -> str:
    """Return a description of trials in words, as in `loss hinge, d_normalization spectral`."""
    return ", ".join(f"{field} {join(list(names), 'or')}" for field, names in wanted.items())
