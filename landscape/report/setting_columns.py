"""Chooses the settings of trials that deserve a column: those that varied, each once, without those that an axis already shows."""

from collections.abc import Hashable
from dataclasses import dataclass

import pandas as pd

from landscape.analysis.frames import AXIS, HYPER, TrialTable


@dataclass(frozen=True)
class SettingColumn:
    """One column of a setting's values."""

    name: str
    """The name on the page: the dotted name, or its last part if several settings always had the same value."""
    column: str
    """The name of the frame's column, with its prefix."""
    same: tuple[str, ...]
    """The dotted names of all settings for which this column stands."""


def setting_columns(table: TrialTable) -> list[SettingColumn]:
    """Return the varied settings of a study in the order of the configuration.

    A setting that repeats an axis (the loss's name in a study over losses) is left out, and so is the seed. Settings that were equal in
    every trial, such as the learning rates of both networks, are one column.
    """
    frame = table.frame
    axes = {_pattern(frame[AXIS + axis]) for axis in table.axes}
    groups: dict[tuple[Hashable, ...], list[str]] = {}
    for column in (str(c) for c in frame if str(c).startswith(HYPER)):
        values = frame[column]
        if column != HYPER + "seed" and values.astype(str).nunique() > 1 and _pattern(values) not in axes:
            groups.setdefault(tuple(values.astype(str)), []).append(column.removeprefix(HYPER))
    taken: set[str] = set()
    found = []
    for names in groups.values():
        short = _short(names)
        name = names[0] if short in taken else short
        taken.add(name)
        found.append(SettingColumn(name, HYPER + names[0], tuple(names)))
    return found


def _pattern(values: pd.Series) -> tuple[int, ...]:
    """Return a code that is the same for rows with equal values. A level's label and the name behind it thus give the same pattern."""
    codes, _ = pd.factorize(values.astype(str))
    return tuple(int(code) for code in codes)


def _short(names: list[str]) -> str:
    """Return the last part that several names share, such as `learning_rate`. A single name is returned whole."""
    last = {name.rpartition(".")[2] for name in names}
    return last.pop() if len(names) > 1 and len(last) == 1 else names[0]
