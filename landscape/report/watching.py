"""Watches studies for changes, so that a report is built again whenever a record, a score or a description has changed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from landscape.results.record import RECORD_FILE
from landscape.results.studies import STUDY_FILE, TRIALS_FOLDER

State = frozenset[tuple[str, int, int]]


def state_of(studies: list[Path]) -> State:
    """Return the name, size and time of change of every file that a report is made of. Files that vanish meanwhile are left out."""
    found = set()
    for study in studies:
        patterns = (STUDY_FILE, f"{TRIALS_FOLDER}/*/{RECORD_FILE}", f"{TRIALS_FOLDER}/*/scores/*.json")
        for path in (path for pattern in patterns for path in study.glob(pattern)):
            try:
                stat = path.stat()
            except OSError:
                continue
            found.add((str(path), stat.st_size, stat.st_mtime_ns))
    return frozenset(found)


def changes(studies: Callable[[], list[Path]], seconds: float, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[State]:
    """Yield the state of the studies at once, and again after every change. It looks every `seconds` and never ends."""
    seen: State | None = None
    while True:
        now = state_of(studies())
        if now != seen:
            seen = now
            yield now
        sleep(seconds)
