"""What a sweep says at its end: the answer of the study, computed from its records alone."""

from pathlib import Path

from landscape.analysis.answer import StudyAnswer
from landscape.analysis.answering import answer_of
from landscape.report.view import view_of
from landscape.results.studies import read_study


def answer(folder: Path) -> StudyAnswer | None:
    """Return the answer of the study in `folder`, or None if nothing was scored."""
    view = view_of(read_study(folder))
    return None if view.score is None else answer_of(view.study, view.table, view.score)


def conclusion(folder: Path) -> list[str]:
    """Return the answer in lines: what to train and what is decided, then one line for each axis."""
    found = answer(folder)
    return [] if found is None else [f"answer: {found.sentence}", *(f"  {axis.sentence}" for axis in found.axes)]
