"""Removes files of a study that nothing needs any more. Records, scores and pictures always stay."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from landscape.core.errors import UserError
from landscape.core.files import read_json
from landscape.results.record import GENERATOR_FILE, RECORD_FILE, RESUME_FILE, Status, TrialRecord
from landscape.results.studies import TRIALS_FOLDER


@dataclass(frozen=True)
class What:
    """What to remove in addition to leftovers of interrupted writes and checkpoints of trials that have ended."""

    corrupt: bool = False
    """Whether to remove files that were set aside as damaged."""
    unfinished: bool = False
    """Whether to remove folders of trials without a record, which would otherwise be continued."""
    generators: bool = False
    """Whether to remove the generators. Their trials can then be neither sampled nor scored again."""


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would be removed in a dry run."""

    paths: tuple[Path, ...]
    size_bytes: int


def prune(study: Path, what: What, *, dry_run: bool = False) -> Pruned:
    """Remove files from the folder of a study on which no sweep is running.

    Args:
        study: The folder of the study.
        what: Which optional files to remove.
        dry_run: Whether to only report what would be removed.

    Raises:
        UserError: The folder is not a study, or a file cannot be removed.
    """
    root = study / TRIALS_FOLDER
    if not root.is_dir():
        raise UserError(f"{study} is no study: it has no folder {TRIALS_FOLDER}")
    paths = sorted(set(_leftovers(study, root, what)))
    size = sum(_size(path) for path in paths)
    if not dry_run:
        for path in paths:
            _remove(path)
    return Pruned(tuple(paths), size)


def _leftovers(study: Path, root: Path, what: What) -> Iterator[Path]:
    yield from study.glob(".*.tmp")
    yield from root.glob(".*.partial")
    if what.corrupt:
        yield from study.glob("*.corrupt")
    for trial in (p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")):
        if what.unfinished and not (trial / RECORD_FILE).exists() and not list(trial.glob("*.corrupt")):
            yield trial
            continue
        yield from trial.rglob(".*.tmp")
        if _has_ended(trial):
            yield from trial.glob(RESUME_FILE)
        if what.corrupt:
            yield from trial.rglob("*.corrupt")
        if what.generators:
            yield from trial.glob(GENERATOR_FILE)


def _has_ended(trial: Path) -> bool:
    """Return whether the trial has a valid record of an end that nothing will continue."""
    try:
        record = TrialRecord.from_json(read_json(trial / RECORD_FILE))
    except UserError:
        return False
    return record.status not in (Status.STOPPED, Status.FAILED)


def _size(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(f.stat().st_size for f in files if f.is_file() and not f.is_symlink())


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"cannot remove {error.filename or path}: {error.strerror or error}; check its permissions") from error
