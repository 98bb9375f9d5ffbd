"""A results folder: read a study, list, merge, verify. Standard library only; the formats are `record.py`'s.

The truth is one file a trial (`trials/<digest>/record.json`) and one a protocol (`scores/<name>-<digest>.json` beside it);
`trials.jsonl` is an index with the size and time of each file it was made from, so that a changed file is seen.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape._results_files import (
    SCORES_FOLDER,
    DamagedError,
    Reading,
    Stamps,
    Trial,
    check_schema,
    load,
    score_path,
    stamps_of,
    trial_from_files,
    uncollected,
)
from landscape._results_index import INDEX_FILE, Index, append, index_line
from landscape.errors import UserError, unknown
from landscape.record import RECORD_FILE, write_json

__all__ = [
    "Merge",
    "Study",
    "Trial",
    "append_to_index",
    "list_studies",
    "merge",
    "read_study",
    "read_trial",
    "rebuild_index",
    "score_path",
    "study_folder",
    "verify",
]

STUDY_FILE = "study.json"
TRIALS_FOLDER = "trials"


@dataclass(frozen=True)
class Study:
    """One study as it lies on disk."""

    name: str
    folder: Path
    facts: Mapping[str, Any]
    """`study.json`: space, protocol, searcher, budget, floor, environment; empty where the file is missing or damaged."""
    trials: tuple[Trial, ...]
    """In the order of their proposals."""
    unfinished: int = 0
    """Trial folders without a record: running, or waiting to be continued."""
    warnings: tuple[str, ...] = ()
    """What was set aside or left out, a line each."""


@dataclass(frozen=True)
class Merge:
    """What `merge` did."""

    copied: int = 0
    kept: int = 0
    """Trials that the target already had: its own record stays."""
    scores_added: int = 0
    warnings: tuple[str, ...] = ()


def list_studies(results: Path) -> list[str]:
    """Names of the studies in `results`, sorted. UserError when there is no such folder."""
    if not results.is_dir():
        raise UserError(f"no results folder at {results}: run a sweep first, or name the folder that holds the studies")
    return sorted(p.name for p in results.iterdir() if not p.name.startswith(".") and _is_study(p))


def study_folder(results: Path, name: str) -> Path:
    """Folder of the study called `name`; UserError listing the studies when there is none."""
    names = list_studies(results)
    if name not in names:
        raise unknown("study", name, names)
    return results / name


def _is_study(folder: Path) -> bool:
    return (folder / STUDY_FILE).is_file() or (folder / TRIALS_FOLDER).is_dir()


@uncollected()
def read_study(folder: Path) -> Study:
    """Every trial of a study. Damaged files are set aside as `*.corrupt` with a warning; the index is brought up to date.

    Raises:
        UserError: not a study's folder; a file of a newer schema; a file that the system cannot read.
    """
    if not _is_study(folder):
        raise UserError(f"{folder} is no study: it has neither {STUDY_FILE} nor a folder {TRIALS_FOLDER}")
    reading = Reading()
    facts = _facts(folder, reading)
    index = Index.load(folder)
    trials: list[Trial] = []
    fresh: list[Trial] = []
    unfinished = 0
    for trial_folder, stamps in _listing(folder):
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
    ordered = sorted([*trials, *fresh], key=lambda t: (t.record.study.get("ask", 0), t.record.started_at, t.record.digest))
    return Study(folder.name, folder, facts, tuple(ordered), unfinished, tuple(reading.warnings))


def _set_aside(trial_folder: Path) -> list[Path]:
    return sorted(trial_folder.glob(f"{RECORD_FILE}*.corrupt"))


def _facts(folder: Path, reading: Reading) -> dict[str, Any]:
    path = folder / STUDY_FILE
    if not path.is_file():
        reading.warnings.append(f"{path} is missing: search space, protocol and budget of this study are unknown")
        return {}
    try:
        data = load(path)
        check_schema(data, path)
    except DamagedError as error:
        reading.damaged(path, error)
        return {}
    return data


def _listing(study: Path) -> Iterator[tuple[Path, Stamps | None]]:
    """(folder, stamps) of every trial, by digest."""
    root = study / TRIALS_FOLDER
    if root.is_dir():
        with os.scandir(root) as entries:
            names = sorted(e.name for e in entries if not e.name.startswith(".") and e.is_dir())
        for name in names:
            yield root / name, stamps_of(root / name)


def read_trial(folder: Path) -> Trial:
    """One trial, nothing set aside. UserError when it has no record, or one of its files is damaged or of a newer schema."""
    stamps = stamps_of(folder)
    if stamps is None:
        raise UserError(f"{folder} holds no {RECORD_FILE}: the trial has not ended, or this is another folder")
    reading = Reading(set_aside=False)
    trial = trial_from_files(folder, stamps, reading)
    if trial is None or reading.warnings:
        raise UserError("; ".join(reading.warnings))
    return trial


def append_to_index(study: Path, digest: str) -> None:
    """Add one trial that has just ended to the study's index. UserError when the trial cannot be read or the index not written."""
    append(study / INDEX_FILE, [index_line(read_trial(study / TRIALS_FOLDER / digest))])


def rebuild_index(study: Path) -> Study:
    """Write the index anew from the records alone."""
    (study / INDEX_FILE).unlink(missing_ok=True)
    return read_study(study)


def merge(sources: Sequence[Path], target: Path) -> Merge:
    """Bring the trials of several copies of one study together in `target`, which may be new. Nothing in `sources` changes.

    A trial that both have keeps the target's record; scores that only the source has are added.

    Raises:
        UserError: a source is no study, or has another search space or protocol than the target.
    """
    for source in sources:
        if not _is_study(source):
            raise UserError(f"{source} is no study: it has neither {STUDY_FILE} nor a folder {TRIALS_FOLDER}")
    described = next((study for study in (target, *sources) if (study / STUDY_FILE).is_file()), target)
    for source in sources:
        _same_study(source, described)
    copied = kept = scores_added = 0
    reading = Reading(set_aside=False)
    for source in sources:
        if (source / STUDY_FILE).is_file() and not (target / STUDY_FILE).is_file():
            write_json(target / STUDY_FILE, _sound_facts(source))
        for folder, stamps in _listing(source):
            if stamps is None or trial_from_files(folder, stamps, reading) is None:
                continue
            new = not _is_sound(target / TRIALS_FOLDER / folder.name)
            copied, kept = copied + new, kept + (not new)
            scores_added += 0 if new else _copy_missing_scores(folder, target / TRIALS_FOLDER / folder.name)
            if new:
                _copy_trial(folder, target / TRIALS_FOLDER / folder.name)
    if (target / TRIALS_FOLDER).is_dir():
        reading.warnings += read_study(target).warnings
    return Merge(copied, kept, scores_added, tuple(reading.warnings))


def _is_sound(trial: Path) -> bool:
    stamps = stamps_of(trial)
    return stamps is not None and trial_from_files(trial, stamps, Reading(set_aside=False)) is not None


def _sound_facts(study: Path) -> dict[str, Any]:
    try:
        return load(study / STUDY_FILE)
    except DamagedError as error:
        raise UserError(f"{study / STUDY_FILE} is damaged ({error}): restore it before merging") from None


def _same_study(source: Path, target: Path) -> None:
    if not (source / STUDY_FILE).is_file() or not (target / STUDY_FILE).is_file():
        return
    ours, theirs = _sound_facts(target), _sound_facts(source)
    for part in ("space", "protocol", "objective"):
        if ours.get(part) != theirs.get(part):
            raise UserError(f"{source} is a study of another {part} than {target}: merge only copies of one study")


def _copy_trial(source: Path, target: Path) -> None:
    """Copy a trial's folder whole: under a hidden name first, so that a reader never sees half of it."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial, symlinks=True, ignore=shutil.ignore_patterns("*.tmp"))
        if target.exists():
            # The target began this trial without ending it, or its record is damaged; a finished one replaces it.
            shutil.rmtree(target)
        partial.rename(target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise UserError(f"cannot copy {source} to {target}: {error.strerror or error}; free space there or check permissions") from error


def _copy_missing_scores(source: Path, target: Path) -> int:
    count = 0
    for path in sorted((source / SCORES_FOLDER).glob("[!.]*.json")):
        if not (target / SCORES_FOLDER / path.name).exists():
            try:
                write_json(target / SCORES_FOLDER / path.name, load(path))
            except DamagedError:
                continue  # `trial_from_files` has noted it
            count += 1
    return count


def verify(folder: Path) -> list[str]:
    """Everything that is wrong with a study, a line each; changes nothing. UserError when it is no study.

    Damaged or misplaced records and scores, missing pictures, leftovers of interrupted writes, files set aside, an index that is behind.
    """
    if not _is_study(folder):
        raise UserError(f"{folder} is no study: it has neither {STUDY_FILE} nor a folder {TRIALS_FOLDER}")
    reading = Reading(set_aside=False)
    _facts(folder, reading)
    index = Index.load(folder)
    leftovers = [*folder.glob(".*.tmp"), *(folder / TRIALS_FOLDER).glob(".*.partial")]
    reading.warnings += [f"{path}: left by an interrupted write; safe to delete" for path in sorted(leftovers)]
    finished = 0
    for trial_folder, stamps in _listing(folder):
        reading.warnings += [f"{path}: left by an interrupted write; safe to delete" for path in sorted(trial_folder.rglob(".*.tmp"))]
        reading.warnings += [f"{path}: set aside as damaged" for path in sorted(trial_folder.rglob("*.corrupt"))]
        if stamps is None:
            continue
        finished += 1
        index.take(trial_folder, stamps)
        try:
            trial = trial_from_files(trial_folder, stamps, reading)
        except UserError as error:
            reading.warnings.append(str(error))
            continue
        if trial is not None:
            missing = [name for name in trial.record.pictures.values() if not (trial_folder / name).is_file()]
            reading.warnings += [f"{trial_folder / name}: picture is missing" for name in missing]
    if not index.sound or len(index.used) != finished or index.used != set(index.lines):
        reading.warnings.append(f"{folder / INDEX_FILE} is not up to date ({len(index.used)} of {finished} trials): any report rebuilds it")
    return reading.warnings
