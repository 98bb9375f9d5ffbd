"""Which settings of trials are worth a column: those that varied, each once, and none that an axis already shows."""

from collections.abc import Hashable
from dataclasses import dataclass

import pandas as pd

from landscape.analysis.frames import AXIS, HYPER, TrialTable


@dataclass(frozen=True)
class SettingColumn:
    """One column of settings."""

    name: str
    """What the page calls it: the dotted name, or its last part where several settings always had the same value."""
    column: str
    """The frame's column, prefix included."""
    same: tuple[str, ...]
    """Dotted names of all settings that it stands for."""


def setting_columns(table: TrialTable) -> list[SettingColumn]:
    """The varied settings of a study in the order of the configuration.

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
    """Which rows are alike, whatever the values are called: a level's label and the name that it stands for give one pattern."""
    codes, _ = pd.factorize(values.astype(str))
    return tuple(int(code) for code in codes)


def _short(names: list[str]) -> str:
    """`learning_rate` for `d_optimizer.learning_rate` and `g_optimizer.learning_rate`; a single name stays whole."""
    last = {name.rpartition(".")[2] for name in names}
    return last.pop() if len(names) > 1 and len(last) == 1 else names[0]
