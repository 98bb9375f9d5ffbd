"""Lets one sweep at a time work on a study. What a killed sweep left running is ended before the next one begins."""

import contextlib
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import psutil

from landscape.core.errors import UserError
from landscape.core.locks import take_lock

LOCK_FILE = ".lock"
PROCESSES_FILE = "processes"
PREFIX = "landscape-sweep-"


class StudyLock:
    """The lock that a sweep holds while it writes to a study's folder.

    Its file names the holder and the holder's temporary folder, in which every process that the sweep starts is noted.

    Raises:
        UserError: Another sweep holds the lock, or the folder cannot be written.
    """

    def __init__(self, study: Path) -> None:
        self.study = study
        self.temporary = Path()

    def __enter__(self) -> Self:
        path = self.study / LOCK_FILE
        try:
            file = take_lock(path, wait=False)
        except OSError as error:
            # Either the folder cannot be written, or its file system has no locks. In the second case the content of the file decides.
            file = _opened(path, error)
            _refuse_living_holder(self.study, _holder(file))
        if file is None:
            with _opened(path) as there:
                holder = _holder(there)
            who = f"process {holder.get('pid', '?')} on {holder.get('host', '?')}, since {holder.get('since', '?')}"
            message = f"another sweep is running on {self.study} ({who})"
            raise UserError(f"{message}: wait for it, stop it, or choose another results folder")
        self._file = file
        end_leftovers(Path(str(_holder(self._file).get("temporary", ""))))
        self.temporary = make_temporary_folder()
        self._write_holder()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        end_leftovers(self.temporary)
        self._file.seek(0)
        self._file.truncate()
        with contextlib.suppress(OSError):
            # A study that has not begun leaves nothing behind.
            if {path.name for path in self.study.iterdir()} == {LOCK_FILE}:
                (self.study / LOCK_FILE).unlink()
                self.study.rmdir()
        self._file.close()

    def _write_holder(self) -> None:
        me = psutil.Process()
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        holder = {
            "pid": me.pid,
            "created": me.create_time(),
            "host": socket.gethostname(),
            "since": since,
            "temporary": str(self.temporary),
        }
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(holder) + "\n")
        self._file.flush()


def _opened(path: Path, before: OSError | None = None) -> TextIO:
    """Open the file of the lock without locking it. `before` is the error of a first attempt."""
    try:
        return open(path, "a+", encoding="utf-8")
    except OSError as error:
        reason = before or error
        raise UserError(f"cannot write to {path.parent}: {reason.strerror or reason}; choose another results folder") from error


def _refuse_living_holder(study: Path, holder: Mapping[str, object]) -> None:
    """Raise a UserError if the process that the lock's file names may still run. The state of a process on another machine is not known."""
    here = holder.get("host") == socket.gethostname()
    if holder and (not here or _alive(int(str(holder["pid"])), float(str(holder["created"])))):
        raise UserError(
            f"another sweep is running on {study} (process {holder['pid']} on {holder['host']}): stop it, or delete {LOCK_FILE}"
        )


def _holder(file: TextIO) -> dict[str, object]:
    file.seek(0)
    try:
        data = json.loads(file.read() or "{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def make_temporary_folder() -> Path:
    """Make a new folder of this user for Ray's sockets and logs. Its path is short, because that of a socket has at most 107 characters."""
    root = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=root if len(root) <= 30 else "/tmp"))  # noqa: S108 - mkdtemp makes it private


def note_process(temporary: Path, pid: int | None = None) -> None:
    """Write down a process (this one by default) as started by the sweep that owns `temporary`."""
    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        # One short write in append mode: lines of several processes do not mix.
        with open(temporary / PROCESSES_FILE, "a", encoding="utf-8") as file:
            file.write(f"{process.pid} {process.create_time()!r}\n")


def end_leftovers(temporary: Path) -> None:
    """End every process noted in `temporary` that is still alive, and remove the folder."""
    if not temporary.name.startswith(PREFIX) or not temporary.is_dir():
        return
    end_processes(_noted(temporary / PROCESSES_FILE))
    shutil.rmtree(temporary, ignore_errors=True)


def _noted(path: Path) -> set[tuple[int, float]]:
    """Return the number and time of creation of every process in the file. The last line may be incomplete."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    except OSError:
        return set()
    return {(int(pid), float(created)) for pid, _, created in (line.partition(" ") for line in lines)}


def end_processes(noted: Iterable[tuple[int, float]], patience: float = 5.0) -> None:
    """Kill processes by number and time of creation, because numbers are used again, and wait until they are gone."""
    living = [psutil.Process(pid) for pid, created in noted if pid != os.getpid() and _alive(pid, created)]
    for process in living:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(living, timeout=patience)


def _alive(pid: int, created: float) -> bool:
    try:
        process = psutil.Process(pid)
        return bool(abs(process.create_time() - created) < 1.0 and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
