"""Makes columns of plain JSON of a study's trials: a list for each field, with an entry for each trial."""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from landscape.analysis.frames import AXIS, HIGH, LOW, SCORE
from landscape.report.setting_columns import SettingColumn
from landscape.report.study_tables import kind_of
from landscape.report.view import View

DIGITS = 6
"""The number of significant digits of a number in the JSON, which is twice as many as the page writes."""
TEXTS = ("digest", "role", "status")


def plain(value: Any) -> Any:
    """Return a value for JSON: a number with six significant digits, None for what is absent or not finite, and else text."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            return None
        return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(f"{value:.{DIGITS}g}")
    return str(value)


def numbers(values: Iterable[Any]) -> list[Any]:
    """Return a list of numbers, with None for absent ones."""
    return [plain(v) for v in pd.to_numeric(pd.Series(list(values), dtype=object), errors="coerce").tolist()]


def trial_columns(view: View) -> dict[str, Any]:
    """Return the columns of all trials of the view, in the order of its frame.

    `cell`, `setting` and `reason` are positions in the lists `cells` (of level names), `settings` (digests) and `reasons`; `scores`, `low`
    and `high` map a score to its column; `selection_costs` is what a trial is chosen by, lower is better; `values` maps the name of a
    varied setting to its column; `symptoms` lists each trial's symptoms.
    """
    frame = view.table.frame
    axes = view.table.axes
    levels = list(zip(*(frame[AXIS + axis].astype(str) for axis in axes), strict=True)) if axes else [()] * len(frame)
    cells, reasons = sorted(set(levels)), list(dict.fromkeys(str(r) for r in frame["reason"]))
    cell_at, reason_at = {c: i for i, c in enumerate(cells)}, {r: i for i, r in enumerate(reasons)}
    settings = list(dict.fromkeys(map(str, frame["setting"])))
    setting_at = {s: i for i, s in enumerate(settings)}
    return {
        **{name: [str(v) for v in frame[name]] for name in TEXTS},
        "cell": [cell_at[c] for c in levels],
        "cells": [list(c) for c in cells],
        "reason": [reason_at[str(r)] for r in frame["reason"]],
        "reasons": reasons,
        "setting": [setting_at[str(s)] for s in frame["setting"]],
        "ask": numbers(frame["ask"]),
        "seed": numbers(frame["seed"]),
        "d_steps": numbers(frame["d_steps"]),
        "seconds": numbers(frame["seconds"]),
        "scores": {name: numbers(frame[SCORE + name]) for name in view.table.scores if SCORE + name in frame},
        "selection_costs": numbers(view.selection_costs.get(str(digest)) for digest in frame["digest"]),
        "low": _ends(view, LOW),
        "high": _ends(view, HIGH),
        "values": {s.name: [plain(None if v != v else v) for v in frame[s.column]] for s in view.settings},
        "symptoms": [list(names) for names in view.symptoms],
    }


def _ends(view: View, prefix: str) -> dict[str, list[Any]]:
    """Return the ends of the intervals of every score that has intervals."""
    frame = view.table.frame
    return {n: numbers(frame[prefix + n]) for n in view.table.scores if prefix + n in frame and frame[prefix + n].notna().any()}


def described(settings: Iterable[SettingColumn], view: View) -> list[dict[str, Any]]:
    """Return what the page must know of each varied setting: its name, its kind, and the settings for which it stands."""
    frame = view.table.frame
    return [{"name": s.name, "kind": kind_of(frame[s.column]), "same": list(s.same), "log": _spans(frame[s.column])} for s in settings]


def _spans(values: pd.Series) -> bool:
    """Return whether positive numbers span more than a factor of 50, so that a logarithmic axis shows them better."""
    known = pd.to_numeric(values, errors="coerce").dropna()
    return bool(len(known) and (known > 0).all() and known.max() / known.min() > 50)
