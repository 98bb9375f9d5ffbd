"""Makes the JSON object from which the page's script draws everything."""

import json
from typing import Any

import numpy as np

from landscape.analysis.frames import HYPER, SCORE, ScoreFacts
from landscape.core.wording import words
from landscape.report.figures import budgets
from landscape.report.figures._style import label_styles
from landscape.report.interactive.cell_measures import cell_measures
from landscape.report.interactive.packed_curves import packed_curves
from landscape.report.interactive.thumbnails import thumbnails
from landscape.report.interactive.trial_columns import described, numbers, plain, trial_columns
from landscape.report.study_figures import CURVES
from landscape.report.study_page import StudyPage
from landscape.report.study_tables import is_counted
from landscape.report.view import View

SCHEMA = 1


def payload(page: StudyPage) -> dict[str, Any]:
    """Return the object. The same page always gives the same object."""
    view = page.view
    columns = trial_columns(view)
    pictures = thumbnails(view)
    colors = {axis: label_styles(map(str, view.table.frame[f"axis:{axis}"])) for axis in view.table.axes}
    return {
        "schema": SCHEMA,
        "study": {"name": view.study.name, "folder": f"results/{view.study.name}", "best": page.summary.best or None},
        "axes": [
            {
                "name": axis,
                "label": words(axis),
                "levels": {label: style.color for label, style in sorted(colors[axis].items())},
            }
            for axis in view.table.axes
        ],
        "score": view.score,
        "scores": [_score(view, facts) for facts in view.table.scores.values()],
        "settings": described(view.settings, view),
        "fixed": _fixed(view),
        "trials": columns,
        "cells": cell_measures(view, columns["cells"]) if len(view.table.frame) else None,
        "curves": packed_curves(view),
        "curve_names": {name: words(text) for name, text in CURVES.items()},
        "budget": _budget(view),
        "pictures": {"uris": pictures.uris, "left_out": pictures.left_out, "problems": pictures.problems},
    }


def as_script(data: dict[str, Any]) -> str:
    """Return the object as text for a script element. It has no `<`, so that nothing in it can end the element."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _score(view: View, facts: ScoreFacts) -> dict[str, Any]:
    floor = view.floors.get(facts.name)
    low, high = (floor.interval or (None, None)) if floor else (None, None)
    column = SCORE + facts.name
    counted = column in view.table.frame and is_counted(view.table.frame[column])
    return {
        "name": facts.name,
        "direction": facts.direction,
        "unit": facts.unit,
        "log": facts.is_log,
        "target": facts.target,
        "counted": counted,
        "floor": plain(floor.value) if floor else None,
        "floor_low": plain(low),
        "floor_high": plain(high),
    }


def _fixed(view: View) -> dict[str, str]:
    """Return the settings that were the same in every trial, as text, without the seed."""
    frame = view.table.frame
    columns = [str(c) for c in frame if str(c).startswith(HYPER) and c != HYPER + "seed"]
    same = [c for c in columns if frame[c].notna().all() and frame[c].astype(str).nunique() == 1]
    return {c.removeprefix(HYPER): str(frame[c].iloc[0]) for c in same}


def _budget(view: View) -> dict[str, Any]:
    """Return the expected best against the number of trials, for all trials and for the levels of each axis."""
    if view.score is None or not len(view.table.frame):
        return {}
    found = {}
    for axis in (None, *view.table.axes):
        frame = budgets.data(view.table, view.score, axis)
        found[axis or ""] = [
            {"level": str(level), "n": int(rows["n"].iloc[0])}
            | {key: numbers(rows[key]) for key in ("trials", "seconds", "expected", "low", "high")}
            | {"steps": _steps(view, axis, str(level))}
            for level, rows in frame.groupby("level", sort=False)
        ]
    return found


def _steps(view: View, axis: str | None, level: str) -> Any:
    """Return the mean number of D steps of a trial."""
    frame = view.table.role("search").finished().frame
    rows = frame if axis is None else frame[frame[f"axis:{axis}"].astype(str) == level]
    steps = rows["d_steps"].to_numpy(dtype=float)
    return plain(float(np.nanmean(steps))) if np.isfinite(steps).any() else None
