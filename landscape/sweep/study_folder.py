"""Reads and writes a study's folder: study.json, the proposals under way, and the outcomes so far."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from landscape.analysis.confirmation_runs import CONFIRMATION, SEARCH
from landscape.analysis.objective import modeled, objective, reported
from landscape.config.choices import Choice
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError
from landscape.core.files import read_json, write_json
from landscape.results import studies
from landscape.results.record import RECORD_FILE, Rung, Scores, Status, TrialRecord, rung_to_json
from landscape.results.score_names import SCREENING
from landscape.space.space import Space
from landscape.sweep.rungs_file import RUNGS_FILE, read_rungs
from landscape.sweep.search.plan import Made, Outcome, Task

SCHEMA = 1
PROPOSAL_FILE = "proposal.json"
SHOWN, MOST_CHANGES = 60, 4
"""The number of characters of a value, and of entries of a list, that a message shows of a difference."""


def describe(space: Space, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of study.json. `facts` are further facts, such as floor, environment, data and deterministic."""
    identity = space.identity()
    per_cell = space.asks_per_cell(len(space.cells())) * space.seeds
    return {
        "schema": SCHEMA,
        "name": space.name,
        "note": space.note,
        "space": identity
        | {
            "dataset": Choice(**identity["dataset"]).label(),
            "axes": space.labels,
            "axis_order": list(space.axes),
            "entries": {axis: [e.to_json() for e in entries] for axis, entries in space.axes.items()},
        },
        "space_digest": space.digest(),
        "protocol": space.protocol.to_json() | {"digest": space.protocol.digest()},
        "objective": space.protocol.objective,
        "searcher": space.searcher.to_json() | {"batch": space.batch},
        "budget": {
            "trials": per_cell * len(space.cells()),
            "trials_per_cell": per_cell,
            "seeds": space.seeds,
            "training": space.base.get("budget"),
        },
        "confirmation": space.confirmation.to_json(),
        "limits": space.limits.to_json(),
        "claims": [claim.to_json() for claim in space.claims],
        "definition": space.to_data(),
        "cells": len(space.cells()),
        "skipped": [{"cell": dict(s.labels), "reason": s.reason} for s in space.skipped()],
        **facts,
    }


def open_study(folder: Path, space: Space) -> dict[str, Any]:
    """Return what study.json says, or an empty dictionary for a new study. Nothing is written.

    Raises:
        UserError: The folder belongs to another search space or to a newer version.
    """
    path = folder / studies.STUDY_FILE
    if not path.exists():
        return {}
    found = read_json(path)
    if not isinstance(found.get("schema"), int) or found["schema"] > SCHEMA:
        raise UserError(f"{path} has schema {found.get('schema')!r}, this version reads up to {SCHEMA}: update landscape to continue it")
    if found.get("space_digest") != space.digest():
        try:
            theirs = Space.parse(found["definition"]).identity()
        except (KeyError, TypeError, UserError):
            theirs = {}
        where = difference(theirs, space.identity()) or "it was made by another version"
        message = f"{folder} holds a study of another search space ({where})"
        raise UserError(f"{message}: choose another results folder, give the space another name, or undo the change")
    return found


def difference(theirs: Any, ours: Any, where: str = "") -> str:
    """Return the first place where two search spaces differ, and the difference. The text is empty if they agree.

    If a list gained or lost entries, they are named with + and -. Of a long value, the part around the change is shown.
    """
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted({*theirs, *ours}):
            if found := difference(theirs.get(key), ours.get(key), f"{where}.{key}" if where else key):
                return found
        return ""
    if isinstance(theirs, list) and isinstance(ours, list):
        return _difference_of_lists(theirs, ours, where)
    return "" if theirs == ours else "{} was {}, now {}".format(where, *_shown(json.dumps(theirs), json.dumps(ours)))


def _difference_of_lists(theirs: list[Any], ours: list[Any], where: str) -> str:
    gone, new = [x for x in theirs if x not in ours], [x for x in ours if x not in theirs]
    if len(gone) == len(new) == 1 and len(theirs) == len(ours):
        i = theirs.index(gone[0])
        if ours[i] == new[0]:
            return difference(gone[0], new[0], f"{where}[{i}]")
    if gone or new:
        changes = [f"+ {_named(x)}" for x in new] + [f"- {_named(x)}" for x in gone]
        more = f" and {len(changes) - MOST_CHANGES} more" if len(changes) > MOST_CHANGES else ""
        return f"{where}: {', '.join(changes[:MOST_CHANGES])}{more}"
    if theirs == ours:
        return ""
    return f"{where}: the same entries, {'in another order' if len(theirs) == len(ours) else 'some of them repeated'}"


def _named(entry: Any) -> str:
    """Return an entry of a list by its name, if it has one, followed by its hyperparameters."""
    if isinstance(entry, dict) and isinstance(entry.get("name"), str):
        rest = {key: value for key, value in entry.items() if key != "name" and value not in (None, {}, [])}
        return str(entry["name"]) + (f" {_around(json.dumps(rest), 0)}" if rest else "")
    return entry if isinstance(entry, str) else _around(json.dumps(entry), 0)


def _shown(theirs: str, ours: str) -> tuple[str, str]:
    """Return both texts, cut to the part where they begin to differ."""
    same = next((i for i, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b), min(len(theirs), len(ours)))
    return _around(theirs, same), _around(ours, same)


def _around(text: str, place: int) -> str:
    """Return `text`, cut to `SHOWN` characters around `place` if it is longer."""
    if len(text) <= SHOWN:
        return text
    begin = min(max(place - SHOWN // 3, 0), len(text) - SHOWN)
    return ("..." if begin else "") + text[begin : begin + SHOWN] + ("..." if begin + SHOWN < len(text) else "")


def write_study(folder: Path, space: Space, facts: Mapping[str, Any]) -> None:
    """Write the whole study.json."""
    write_json(folder / studies.STUDY_FILE, describe(space, facts))


def trial_folder(study: Path, digest: str) -> Path:
    """Return the folder of a trial."""
    return study / studies.TRIALS_FOLDER / digest


def write_proposal(study: Path, task: Task) -> None:
    """Write down a proposal before its trial begins, so that an interrupted trial is continued and not proposed again."""
    data = {"schema": SCHEMA, "digest": task.digest, "config": task.config.to_json(), "study": task.study}
    write_json(trial_folder(study, task.digest) / PROPOSAL_FILE, data)


def drop_proposal(study: Path, digest: str) -> None:
    """Remove a proposal whose record is written, and the decisions about it, which the record holds."""
    for name in (PROPOSAL_FILE, RUNGS_FILE):
        (trial_folder(study, digest) / name).unlink(missing_ok=True)


def write_rungs(study: Path, digest: str, rungs: Iterable[Rung]) -> None:
    """Write down what was decided about a trial at its rungs, before it hears of the last decision."""
    data = {"schema": SCHEMA, "digest": digest, "rungs": [rung_to_json(rung) for rung in rungs]}
    write_json(trial_folder(study, digest) / RUNGS_FILE, data)


def rungs_under_way(study: Path) -> dict[str, tuple[int, tuple[Rung, ...]]]:
    """Return the decisions about trials that have no record, and the numbers of their proposals, by the digest of the trial.

    Damaged decisions are left out and made anew.
    """
    found = {}
    for path in sorted((study / studies.TRIALS_FOLDER).glob(f"*/{RUNGS_FILE}")):
        if (path.parent / RECORD_FILE).exists():
            continue
        try:
            ask = int(read_json(path.parent / PROPOSAL_FILE)["study"]["ask"])
            found[path.parent.name] = ask, read_rungs(path.parent)
        except (UserError, KeyError, TypeError, ValueError):
            continue
    return found


def proposals(study: Path) -> list[Made]:
    """Return the proposals whose trials began and have no record. Damaged ones are left out and proposed again."""
    found = []
    for path in sorted((study / studies.TRIALS_FOLDER).glob(f"*/{PROPOSAL_FILE}")):
        if (path.parent / RECORD_FILE).exists():
            continue
        try:
            place = read_json(path)["study"]
            if place.get("role", SEARCH) != SEARCH:
                continue  # The choice of settings will propose it again with the same digest.
            found.append(Made(int(place["ask"]), int(place["repeat"]), dict(place["assignment"])))
        except (UserError, KeyError, TypeError, ValueError):
            continue
    return found


def outcomes(study: studies.Study, protocol: Protocol, *, screening: bool = False) -> list[Outcome]:
    """Return every trial of the search and of its confirmation that has ended."""
    found = (outcome_of(trial.record, trial.scores, protocol, screening=screening) for trial in study.trials)
    return [outcome for outcome in found if outcome is not None]


def outcome_of(record: TrialRecord, scores: Mapping[str, Scores], protocol: Protocol, *, screening: bool = False) -> Outcome | None:
    """Return a record as the plan sees it, or None if it belongs neither to a search nor to its confirmation.

    With `screening` the study scores in two stages. Of a trial of the search the searcher then hears the first one alone, whichever trials
    the second one has scored since.
    """
    place = record.study
    if (
        place.get("role") not in (SEARCH, CONFIRMATION)
        or not isinstance(place.get("ask"), int)
        or not isinstance(place.get("assignment"), Mapping)
    ):
        return None
    completed = record.status is Status.COMPLETED
    first_stage = screening and place["role"] == SEARCH
    seen = protocol.name + (SCREENING if first_stage else "")
    estimate = objective(scores, seen, protocol.objective) if completed else None
    second = objective(scores, seen, protocol.second_objective) if completed and protocol.second_objective else None
    shown = reported(scores, seen, protocol.objective) if completed else None
    whole = objective(scores, protocol.name, protocol.objective) if completed and first_stage else None
    return Outcome(
        ask=place["ask"],
        repeat=int(place.get("repeat", 0)),
        cell_id=str(place.get("cell_id", "")),
        assignment=dict(place["assignment"]),
        digest=record.digest,
        status=record.status.value,
        value=estimate.value if estimate else None,
        cost=modeled(estimate, protocol.objective) if estimate else None,
        seconds=record.seconds.get("training", 0.0) + record.seconds.get("evaluation", 0.0),
        role=place["role"],
        second_cost=modeled(second, protocol.second_objective) if second else None,
        reported=None if shown is None else (-shown.value if shown.direction == "higher" else shown.value),
        shown=None if shown is None else shown.value,
        times=(record.started_at, record.finished_at),
        during=tuple(record.curves.get("selection_objective", ())),
        screened=estimate if first_stage else None,
        rungs=record.rungs,
        selected=modeled(whole, protocol.objective) if whole else None,
    )


def now() -> str:
    """Return the present time in UTC and ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")
