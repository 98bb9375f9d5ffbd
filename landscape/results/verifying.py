"""Finds everything that is wrong with a study's folder."""

from pathlib import Path

from landscape.core.errors import UserError
from landscape.results.studies import STUDY_FILE, TRIALS_FOLDER, is_study, study_facts, trial_folders
from landscape.results.trial_files import Reading, trial_from_files
from landscape.results.trial_index import INDEX_FILE, Index


def verify(folder: Path) -> list[str]:
    """Return everything that is wrong with a study, one line each. Nothing is changed.

    The lines name damaged or misplaced records and scores, missing pictures, leftovers of interrupted writes, files set aside, and an index
    that is not up to date.

    Raises:
        UserError: The folder is not a study.
    """
    if not is_study(folder):
        raise UserError(f"{folder} is no study: it has neither {STUDY_FILE} nor a folder {TRIALS_FOLDER}")
    reading = Reading(set_aside=False)
    study_facts(folder, reading)
    index = Index.load(folder)
    leftovers = [*folder.glob(".*.tmp"), *(folder / TRIALS_FOLDER).glob(".*.partial")]
    reading.warnings += [f"{path}: left by an interrupted write; safe to delete" for path in sorted(leftovers)]
    finished = 0
    for trial_folder, stamps in trial_folders(folder):
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
            for what, files in (("picture", trial.record.pictures), ("sound", trial.record.sounds)):
                missing = [name for name in files.values() if not (trial_folder / name).is_file()]
                reading.warnings += [f"{trial_folder / name}: {what} is missing" for name in missing]
    if not index.sound or len(index.used) != finished or index.used != set(index.lines):
        reading.warnings.append(f"{folder / INDEX_FILE} is not up to date ({len(index.used)} of {finished} trials): any report rebuilds it")
    return reading.warnings
