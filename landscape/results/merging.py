"""Merges copies of one study."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape.core.errors import UserError
from landscape.core.files import write_json
from landscape.results.record import RECORD_FILE
from landscape.results.studies import STUDY_FILE, TRIALS_FOLDER, is_study, read_study, trial_folders
from landscape.results.trial_files import SCORES_FOLDER, DamagedError, Reading, load_json, stamps_of, trial_from_files


@dataclass(frozen=True)
class Merge:
    """What `merge` did."""

    copied: int = 0
    kept: int = 0
    """The number of trials that the target already had. The target's own records stay."""
    scores_added: int = 0
    warnings: tuple[str, ...] = ()


def merge(sources: Sequence[Path], target: Path) -> Merge:
    """Copy the trials of several copies of one study into `target`, which may be new. Nothing in `sources` changes.

    If both have a trial, the target's record stays and the scores that only the source has are added.

    Raises:
        UserError: A source is not a study, has another search space or protocol than the target, or a file cannot be copied.
    """
    for source in sources:
        if not is_study(source):
            raise UserError(f"{source} is no study: it has neither {STUDY_FILE} nor a folder {TRIALS_FOLDER}")
    described = next((study for study in (target, *sources) if (study / STUDY_FILE).is_file()), target)
    for source in sources:
        _same_study(source, described)
    copied = kept = scores_added = 0
    reading = Reading(set_aside=False)
    for source in sources:
        if (source / STUDY_FILE).is_file() and not (target / STUDY_FILE).is_file():
            write_json(target / STUDY_FILE, _sound_facts(source))
        for folder, stamps in trial_folders(source):
            if stamps is None or trial_from_files(folder, stamps, reading) is None:
                continue
            new = not _is_sound(target / TRIALS_FOLDER / folder.name)
            copied, kept = copied + new, kept + (not new)
            here = target / TRIALS_FOLDER / folder.name
            # One copy may have trained a trial to its end that another one has stopped early. Its scores are not those of the stopped one.
            scores_added += _copy_missing_scores(folder, here) if not new and _status(folder) == _status(here) else 0
            if new:
                _copy_trial(folder, target / TRIALS_FOLDER / folder.name)
    if (target / TRIALS_FOLDER).is_dir():
        reading.warnings += read_study(target).warnings
    return Merge(copied, kept, scores_added, tuple(reading.warnings))


def _status(trial: Path) -> object:
    return load_json(trial / RECORD_FILE).get("status")


def _is_sound(trial: Path) -> bool:
    stamps = stamps_of(trial)
    return stamps is not None and trial_from_files(trial, stamps, Reading(set_aside=False)) is not None


def _sound_facts(study: Path) -> dict[str, Any]:
    try:
        return load_json(study / STUDY_FILE)
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
    """Copy a trial's whole folder. It has a hidden name while it is copied, so that no reader sees half of it."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial, symlinks=True, ignore=shutil.ignore_patterns("*.tmp"))
        if target.exists():
            # The target began this trial without finishing it, or its record is damaged. The finished trial replaces it.
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
                write_json(target / SCORES_FOLDER / path.name, load_json(path))
            except DamagedError:
                continue  # `trial_from_files` has already warned about this file.
            count += 1
    return count
