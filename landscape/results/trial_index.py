"""The index `trials.jsonl`, one line per trial, so that 100,000 trials are read in one pass.

It is rebuilt from the records whenever it is not sound.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landscape.core.errors import UserError
from landscape.results.trial_files import DamagedError, Stamps, Trial, checked_record, checked_scores, parse, stamps_of

INDEX_FILE = "trials.jsonl"


@dataclass
class Index:
    """The index of one study while the study is read.

    Lines that are still valid are used. The other trials are read from their files and written back to the index.
    """

    path: Path
    lines: dict[str, bytes]
    """The raw line of each digest. If a digest occurs twice, the last line counts."""
    sound: bool
    """Whether every line is complete and no digest occurs twice."""
    used: set[str] = field(default_factory=set)

    @classmethod
    def load(cls, study: Path) -> "Index":
        """Read the index of `study`. It is empty and not sound if there is none."""
        path = study / INDEX_FILE
        lines: dict[str, bytes] = {}
        sound = True
        try:
            with path.open("rb") as file:
                for line in file:
                    digest = _digest_of(line)
                    sound = sound and digest is not None and digest not in lines
                    if digest is not None:
                        lines[digest] = line
        except OSError:
            sound = False
        return cls(path, lines, sound)

    def take(self, folder: Path, stamps: Stamps) -> Trial | None:
        """Return the trial in `folder` from its line.

        Returns None if the line is missing or damaged, or if a file of the trial has changed since the line was written.
        """
        line = self.lines.get(folder.name)
        if line is None:
            return None
        try:
            entry = parse(line)
            if entry.get("files") != stamps:
                return None
            trial = _from_entry(entry, folder, self.path)
        except (DamagedError, UserError):
            self.sound = False
            return None
        self.used.add(folder.name)
        return trial

    def save(self, fresh: Iterable[Trial]) -> None:
        """Bring the file up to date with `fresh`, the trials that were read from their files.

        Raises:
            UserError: The file cannot be written.
        """
        new = [line for trial in fresh if (line := index_line(trial))]
        if self.sound and self.used == set(self.lines):
            if new:
                append(self.path, new)
        elif new or self.lines:
            _write_lines(self.path, [*(self.lines[digest] for digest in sorted(self.used)), *new])


# `index_line` puts the digest first, so that a complete line can be told from a torn one without parsing all of it.
_START = re.compile(rb'\{"digest":"([^"\\]+)",')


def _digest_of(line: bytes) -> str | None:
    match = _START.match(line)
    return match[1].decode(errors="replace") if match and line.endswith(b"}\n") else None


def _from_entry(entry: Mapping[str, Any], folder: Path, where: Path) -> Trial:
    scores = entry.get("scores")
    if not isinstance(scores, dict) or entry.get("digest") != folder.name:
        raise DamagedError("no line of this trial")
    record = checked_record({k: v for k, v in entry.items() if k not in ("scores", "files")}, where)
    return Trial(record, {digest: checked_scores(data, where) for digest, data in scores.items() if isinstance(data, dict)}, folder)


def index_line(trial: Trial) -> bytes:
    """Return the line of one trial; empty if the trial is gone.

    The line contains the record, the `scores` by protocol digest, and in `files` the size and time of each file that was read.
    """
    stamps = stamps_of(trial.folder)
    if stamps is None:
        return b""
    record = trial.record.to_json()
    scores = {digest: s.to_json() for digest, s in trial.scores.items()}
    entry = {"digest": record.pop("digest")} | record | {"scores": scores, "files": stamps}
    return json.dumps(entry, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def append(path: Path, lines: Iterable[bytes]) -> None:
    """Add lines at the end in a single write, so that two writers do not break each other's lines.

    Raises:
        UserError: The file cannot be written.
    """
    try:
        with path.open("ab") as file:
            file.write(b"".join(lines))
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}; free space there or check permissions") from error


def _write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write lines completely or not at all, one at a time, so that the index of a large study is not in memory twice."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False) as file:
            temporary = file.name
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise UserError(f"cannot write {path}: {error.strerror or error}; free space there or check permissions") from error
