"""Decides which process owns a trial. If Ray takes a process for dead that was only cut off, two work on one trial: the later wins."""

import contextlib
import os
import time
import uuid
from pathlib import Path

from landscape.results.record import RESUME_FILE
from landscape.results.remote import Remote

CLAIM_FILE = "claim"
CARRY_SECONDS = 5.0
"""The least number of seconds between two copies of a checkpoint to remote storage."""


class Claim:
    """A file in the trial's folder with a word that the latest process on the trial wrote."""

    def __init__(self, folder: Path, there: Remote | None) -> None:
        self.path, self.there, self.word = folder / CLAIM_FILE, there, f"{os.uname().nodename} {os.getpid()} {uuid.uuid4()}"
        self.name = f"trials/{folder.name}/{CLAIM_FILE}"
        if there is not None:
            there.write(self.name, self.word)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            self.path.write_text(self.word, encoding="utf-8")

    def holds(self) -> bool:
        """Whether no other process took the trial over. If the file cannot be read now, the answer is yes until the next look."""
        if self.there is not None:
            return self.there.read(self.name) in (self.word, None)
        with contextlib.suppress(OSError):
            return self.path.read_text(encoding="utf-8") in (self.word, "")
        return True

    def drop(self) -> None:
        """Remove the claim, after the trial has ended or stopped in order."""
        if self.there is not None:
            self.there.remove(self.name)
            return
        with contextlib.suppress(OSError):
            self.path.unlink()


class Carrier:
    """Copies each new checkpoint of a running trial to the remote storage. It does nothing if results lie in a folder."""

    def __init__(self, folder: Path, there: Remote | None) -> None:
        self.path, self.there, self.name = folder / RESUME_FILE, there, f"trials/{folder.name}/{RESUME_FILE}"
        self.carried, self.at = self._stamp(), time.monotonic()

    def _stamp(self) -> int:
        try:
            return self.path.stat().st_mtime_ns
        except OSError:
            return 0

    def checkpoint(self) -> None:
        """Copy the checkpoint if it is new and the last copy is long enough ago. This may be called often."""
        if self.there is None or time.monotonic() - self.at < CARRY_SECONDS or self._stamp() == self.carried:
            return
        self.carried, self.at = self._stamp(), time.monotonic()
        self.there.push(self.name)
