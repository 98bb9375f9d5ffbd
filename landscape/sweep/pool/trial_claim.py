"""Whose trial it is. Where Ray takes a process for dead that only was cut off, two of them work on one trial: the later one wins."""

import contextlib
import os
import time
import uuid
from pathlib import Path

from landscape.results.record import RESUME_FILE
from landscape.results.remote import Remote

CLAIM_FILE = "claim"
CARRY_SECONDS = 5.0
"""At least so long between two copies of a checkpoint to a remote storage."""


class Claim:
    """A word in the trial's folder that its latest process wrote."""

    def __init__(self, folder: Path, there: Remote | None) -> None:
        self.path, self.there, self.word = folder / CLAIM_FILE, there, f"{os.uname().nodename} {os.getpid()} {uuid.uuid4()}"
        self.name = f"trials/{folder.name}/{CLAIM_FILE}"
        if there is not None:
            there.write(self.name, self.word)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            self.path.write_text(self.word, encoding="utf-8")

    def holds(self) -> bool:
        """Whether nobody took the trial over. What cannot be read now is read at the next look."""
        if self.there is not None:
            return self.there.read(self.name) in (self.word, None)
        with contextlib.suppress(OSError):
            return self.path.read_text(encoding="utf-8") in (self.word, "")
        return True

    def drop(self) -> None:
        """The trial has ended, or stopped in order."""
        if self.there is not None:
            self.there.remove(self.name)
            return
        with contextlib.suppress(OSError):
            self.path.unlink()


class Carrier:
    """Brings each new checkpoint of a running trial to the remote storage; without one it does nothing."""

    def __init__(self, folder: Path, there: Remote | None) -> None:
        self.path, self.there, self.name = folder / RESUME_FILE, there, f"trials/{folder.name}/{RESUME_FILE}"
        self.carried, self.at = self._stamp(), time.monotonic()

    def _stamp(self) -> int:
        try:
            return self.path.stat().st_mtime_ns
        except OSError:
            return 0

    def checkpoint(self) -> None:
        """Called often."""
        if self.there is None or time.monotonic() - self.at < CARRY_SECONDS or self._stamp() == self.carried:
            return
        self.carried, self.at = self._stamp(), time.monotonic()
        self.there.push(self.name)
