"""Reads the results folder of studies: list them, read one, bring its index up to date.

The truth is one file per trial (`trials/<digest>/record.json`) and one per protocol (`scores/<name>-<digest>.json` beside it).
`trials.jsonl` is an index. It contains the size and the time of each file that it was made from, so that a changed file is noticed. The
formats are defined in `record.py`.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape.core.errors import UserError, unknown
from landscape.results.record import RECORD_FILE
from landscape.results.trial_files import (
    DamagedError,
    Reading,
    Stamps,
    Trial,
    check_schema,
    load_json,
    stamps_of,
    trial_from_files,
    uncollected,
)
from landscape.results.trial_index import INDEX_FILE, Index, append, index_line

STUDY_FILE = "study.json"
TRIALS_FOLDER = "trials"


@dataclass(frozen=True)
class Study:
    """One study as it is stored on disk."""

    name: str
    folder: Path
    facts: Mapping[str, Any]
    """The content of `study.json`: space, protocol, searcher, budget, floor, environment. It is empty if the file is missing or damaged."""
    trials: tuple[Trial, ...]
    """The trials in the order of their proposals, and of their seeds within a proposal."""
    unfinished: int = 0
    """The number of trial folders without a record. These trials are running or wait to be continued."""
    warnings: tuple[str, ...] = ()
    """What was set aside or left out, one line each."""


def list_studies(results: Path) -> list[str]:
    """Return the names of the studies in `results`, sorted.

    Raises:
        UserError: There is no such folder.
    """
    if not results.is_dir():
        raise UserError(f"no results folder at {results}: run a sweep first, or name the folder that holds the studies")
    return sorted(p.name for p in results.iterdir() if not p.name.startswith(".") and is_study(p))


def study_folder(results: Path, name: str) -> Path:
    """Return the folder of the study called `name`.

    Raises:
        UserError: There is no such study. The line lists the studies.
    """
    names = list_studies(results)
    if name not in names:
        raise unknown("study", name, names)
    return results / name


def is_study(folder: Path) -> bool:
    """Return whether `folder` belongs to a study: it contains a description or trials."""
    return (folder / STUDY_FILE).is_file() or (folder / TRIALS_FOLDER).is_dir()


@uncollected()
def read_study(folder: Path) -> Study:
    """Read every trial of a study and bring its index up to date.

    Damaged files are renamed to `*.corrupt`, with a warning.

    Raises:
        UserError: The folder is not a study's, a file has a newer schema, or the system cannot read a file.
    """
    if not is_study(folder):
        raise UserError(f"{folder} is no study: it has neither {STUDY_FILE} nor a folder {TRIALS_FOLDER}")
    reading = Reading()
    facts = study_facts(folder, reading)
    index = Index.load(folder)
    trials: list[Trial] = []
    fresh: list[Trial] = []
    unfinished = 0
    for trial_folder, stamps in trial_folders(folder):
        if stamps is None:
            unfinished += 1
            reading.warnings += [f"{path} was set aside as damaged; the trial counts as unfinished" for path in _set_aside(trial_folder)]
        elif trial := index.take(trial_folder, stamps):
            trials.append(trial)
        elif trial := trial_from_files(trial_folder, stamps, reading):
            fresh.append(trial)
    try:
        index.save(fresh)
    except UserError as error:
        reading.warnings.append(f"the index is not up to date: {error}")
    return Study(folder.name, folder, facts, tuple(sorted([*trials, *fresh], key=_order)), unfinished, tuple(reading.warnings))


def _order(trial: Trial) -> tuple[int, int, str, str]:
    """Return the place of a trial: by proposal, then by seed, so that it does not depend on which of several seeds began first."""
    record = trial.record
    return record.study.get("ask", 0), record.study.get("repeat", 0), record.started_at, record.digest


def _set_aside(trial_folder: Path) -> list[Path]:
    return sorted(trial_folder.glob(f"{RECORD_FILE}*.corrupt"))


def study_facts(folder: Path, reading: Reading) -> dict[str, Any]:
    """Return the content of `study.json`. If it is missing or damaged, return nothing and add a warning to `reading`.

    Raises:
        UserError: The file has a newer schema, or the system cannot read it.
    """
    path = folder / STUDY_FILE
    if not path.is_file():
        reading.warnings.append(f"{path} is missing: search space, protocol and budget of this study are unknown")
        return {}
    try:
        data = load_json(path)
        check_schema(data, path)
    except DamagedError as error:
        reading.damaged(path, error)
        return {}
    return data


def trial_folders(study: Path) -> Iterator[tuple[Path, Stamps | None]]:
    """Yield (folder, stamps) of every trial, in the order of the digests. Stamps are None for a trial without a record."""
    root = study / TRIALS_FOLDER
    if root.is_dir():
        with os.scandir(root) as entries:
            names = sorted(e.name for e in entries if not e.name.startswith(".") and e.is_dir())
        for name in names:
            yield root / name, stamps_of(root / name)


def read_trial(folder: Path) -> Trial:
    """Read one trial. Damaged files are not renamed.

    Raises:
        UserError: The trial has no record, or one of its files is damaged or has a newer schema.
    """
    stamps = stamps_of(folder)
    if stamps is None:
        raise UserError(f"{folder} holds no {RECORD_FILE}: the trial has not ended, or this is another folder")
    reading = Reading(set_aside=False)
    trial = trial_from_files(folder, stamps, reading)
    if trial is None or reading.warnings:
        raise UserError("; ".join(reading.warnings))
    return trial


def append_to_index(study: Path, digest: str) -> None:
    """Add one trial that has just ended to the study's index.

    Raises:
        UserError: The trial cannot be read, or the index cannot be written.
    """
    append(study / INDEX_FILE, [index_line(read_trial(study / TRIALS_FOLDER / digest))])


def rebuild_index(study: Path) -> Study:
    """Write the index anew from the records alone, and return the study."""
    (study / INDEX_FILE).unlink(missing_ok=True)
    return read_study(study)
