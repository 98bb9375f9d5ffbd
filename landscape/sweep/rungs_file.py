"""The file in which the driver writes what it decides about a trial at its rungs, and from which the trial's process reads it."""

import json
from pathlib import Path

from landscape.core.errors import UserError
from landscape.results.record import Rung, rung_from_json
from landscape.results.remote import Remote

RUNGS_FILE = "rungs.json"


def read_rungs(folder: Path, there: Remote | None = None) -> tuple[Rung, ...]:
    """Return the decisions about a trial so far, in their order. There are none without a file.

    Args:
        folder: The folder of the trial.
        there: The storage of the study, if its results do not lie in a folder. The file is then read from it.

    Raises:
        UserError: The file is damaged.
    """
    path = folder / RUNGS_FILE
    if there is not None:
        text = there.read(f"trials/{folder.name}/{RUNGS_FILE}")
    else:
        text = path.read_text(encoding="utf-8") if path.exists() else None
    try:
        return () if text is None else tuple(rung_from_json(rung) for rung in json.loads(text)["rungs"])
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged ({type(error).__name__}): remove it, and its decisions are made anew") from None
