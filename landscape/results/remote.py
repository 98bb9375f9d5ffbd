"""Results on storage that is not a file system (`s3://bucket/results` and whatever else fsspec supports).

A study is worked on in a local mirror folder, and whole files are copied. They are the checkpoint of a running trial and everything that a
trial has left when it ends. The record is copied last, so that a record on the storage means that all files beside it are complete.
"""

import contextlib
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landscape.core.cache_folder import cache_folder
from landscape.core.errors import UserError
from landscape.core.files import write_bytes, write_json
from landscape.core.locks import locked
from landscape.results.record import GENERATOR_FILE, RECORD_FILE, RESUME_FILE

MARK, STATE = ".remote", ".remote-state.json"
LOG_FILE, STOP_FILE = "search.log", ".stop"
LEFT_THERE = (RESUME_FILE, GENERATOR_FILE)
"""Files of a trial that only a trial reads. They are not copied to the mirror."""
OUR_OWN = ("trials.jsonl", "hang.txt", ".lock", STATE, MARK)
"""Files that have a meaning on one machine only. The index is one of them, because it contains modification times of files."""


def is_url(text: str) -> bool:
    """Return whether `text` is an address such as s3://bucket/folder."""
    return re.match(r"[a-z][a-z0-9+.-]*://", text) is not None


def mirror(url: str) -> Path:
    """Return the local folder that mirrors the results at `url` on this machine. A file in it names the address."""
    folder = cache_folder() / "mirrors" / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]
    if not (folder / MARK).exists():
        write_bytes(folder / MARK, url.rstrip("/").encode() + b"\n")
    return folder


def url_of(results: Path) -> str | None:
    """Return the address that `results` is a mirror of, or None for an ordinary folder."""
    with contextlib.suppress(OSError):
        return (results / MARK).read_text(encoding="utf-8").strip()
    return None


def local(text: str) -> Path:
    """Return the results folder given on a command line: a path, or the mirror of an address, brought up to date.

    Raises:
        UserError: The storage cannot be reached.
    """
    if not is_url(text):
        return Path(text)
    folder = mirror(text)
    Remote(text, folder).pull()
    return folder


def staged(text: str) -> Path:
    """Return a data folder: the path itself, or a local copy of the files at an address.

    Files that have changed there since the last call are copied again, and files that are gone there are removed; other processes on
    this machine wait meanwhile. While the storage cannot be reached, a complete copy is used as it is, and a line on stderr says so: a
    trial that was made for other data refuses the copy by its content.

    Raises:
        UserError: The storage cannot be reached and there is no complete copy, or it holds no files at the address.
    """
    if not is_url(text):
        return Path(text)
    folder = cache_folder() / "staged" / hashlib.sha256(text.rstrip("/").encode()).hexdigest()[:16]
    with locked(folder):
        try:
            held = Remote(text, folder).stage()
        except UserError as error:
            if not (folder / MARK).exists():
                raise
            print(f"landscape: {error}; using the copy of its data in {folder}", file=sys.stderr)
            return folder
        if not held:
            raise UserError(f"{text} holds no files: give the address of the folder with the data set's files")
        if not (folder / MARK).exists():
            write_bytes(folder / MARK, text.encode())
    return folder


@dataclass
class Remote:
    """A folder at an address, and the local folder that mirrors it.

    Raises:
        UserError: The storage cannot be reached, or its package is not installed.
    """

    url: str
    folder: Path
    _states: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self._told():
            import fsspec

            options = {"use_listings_cache": False} if self.url.startswith("s3") else {}
            self.system, self.root = fsspec.core.url_to_fs(self.url.rstrip("/"), **options)
        with contextlib.suppress(OSError, ValueError):
            self._states = dict(json.loads((self.folder / STATE).read_bytes()))

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (ImportError, ValueError) as error:
            raise UserError(f"cannot use {self.url}: {_first_line(error)}; for s3:// install landscape[s3]") from None
        except UserError:
            raise
        except Exception as error:
            # Each storage raises errors of its own kinds.
            reason = f"{type(error).__name__}: {_first_line(error)}"
            raise UserError(f"cannot reach {self.url} ({reason}): check its name, the network and your credentials") from None

    def pull(self, below: str = "", *, everything: bool = False) -> int:
        """Copy the files that have changed on the storage since the last call; return the number of files copied.

        Args:
            below: The subfolder to copy; all of the folder if empty.
            everything: Whether to copy checkpoints and weights too.

        Raises:
            UserError: The storage cannot be reached.
        """
        return self._bring(self._found(below, OUR_OWN if everything else (*OUR_OWN, *LEFT_THERE)))

    def stage(self) -> int:
        """Bring the local copy to what the storage holds now: copy what has changed, remove what is gone there.

        Returns:
            The number of files on the storage.

        Raises:
            UserError: The storage cannot be reached.
        """
        found = self._found("", OUR_OWN)
        self._bring(found, untouched=True)
        gone = self._states.keys() - found.keys()
        for name in gone:
            (self.folder / name).unlink(missing_ok=True)
            del self._states[name]
        if gone:
            self._keep_states()
        return len(found)

    def _found(self, below: str, left_out: Sequence[str]) -> dict[str, Any]:
        """Return what the storage says of each file below a folder of it, by the file's name relative to the address."""
        with self._told():
            self.system.invalidate_cache()
            found = self.system.find(f"{self.root}/{below}".rstrip("/"), detail=True)
        named = {path[len(self.root) :].lstrip("/"): info for path, info in found.items()}
        return {name: info for name, info in named.items() if _is_plain(name) and Path(name).name not in left_out}

    def _bring(self, found: Mapping[str, Any], *, untouched: bool = False) -> int:
        """Copy those of the found files that have changed on the storage; return the number of files copied.

        Args:
            found: What `_found` returned.
            untouched: Whether nothing writes to the local files: those that were cut or changed here are then copied again too.
        """
        came = 0
        with self._told():
            # A record is copied last, so that whoever sees it can read everything beside it.
            for name in sorted(found, key=lambda n: (n.endswith(RECORD_FILE), n)):
                state = _state(found[name])
                here = self._is_whole(name, state) if untouched else (self.folder / name).exists()
                if self._states.get(name) == state and here:
                    continue
                write_bytes(self.folder / name, self.system.cat_file(f"{self.root}/{name}"))
                self._states[name] = state
                came += 1
        if came:
            self._keep_states()
        return came

    def _is_whole(self, name: str, state: Sequence[Any]) -> bool:
        """Return whether the local file that was copied in this state is still there with its whole size.

        A state that holds nothing but a size does not tell whether the file on the storage has changed.
        """
        with contextlib.suppress(OSError):
            return len(state) > 1 and (self.folder / name).stat().st_size == state[0]
        return False

    def push(self, *names: str) -> None:
        """Copy files to the storage, in this order. Names of files that do not exist here are left out.

        Raises:
            UserError: The storage cannot be reached.
        """
        with self._told():
            for name in names:
                if (self.folder / name).is_file():
                    self.system.pipe_file(f"{self.root}/{name}", (self.folder / name).read_bytes())
                    self._states[name] = _state(self.system.info(f"{self.root}/{name}"))
        self._keep_states()

    def push_trial(self, digest: str) -> None:
        """Copy everything that a trial has left here, its record last. A record that is already there stays."""
        if self.exists(f"trials/{digest}/{RECORD_FILE}"):
            return
        here = self.folder / "trials" / digest
        names = [str(p.relative_to(self.folder)) for p in sorted(here.rglob("*")) if p.is_file() and not p.name.endswith(".tmp")]
        names = [n for n in names if Path(n).name not in OUR_OWN]
        self.push(*sorted(names, key=lambda n: Path(n).name == RECORD_FILE))
        if (here / RECORD_FILE).exists():
            for name in (RESUME_FILE, "proposal.json"):
                self.remove(f"trials/{digest}/{name}")

    def write(self, name: str, text: str) -> None:
        """Write a small file that exists on the storage only."""
        with self._told():
            self.system.pipe_file(f"{self.root}/{name}", text.encode())

    def read(self, name: str) -> str | None:
        """Read a small file on the storage; None if it does not exist."""
        with self._told():
            try:
                return bytes(self.system.cat_file(f"{self.root}/{name}")).decode(errors="replace")
            except FileNotFoundError:
                return None

    def exists(self, name: str) -> bool:
        """Return whether there is such a file on the storage."""
        with self._told():
            self.system.invalidate_cache()
            return bool(self.system.exists(f"{self.root}/{name}"))

    def remove(self, name: str) -> None:
        """Remove a file on the storage, if it exists."""
        with self._told(), contextlib.suppress(FileNotFoundError):
            self.system.rm_file(f"{self.root}/{name}")

    def _keep_states(self) -> None:
        # Two processes of one machine may overwrite each other's states. A file whose state is lost is only copied once more.
        write_json(self.folder / STATE, self._states)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]


def _is_plain(name: str) -> bool:
    """Return whether `name` is a relative path that does not lead out of the folder."""
    return bool(name) and not name.startswith("/") and ".." not in name.split("/") and "\\" not in name


def _state(info: Mapping[str, Any]) -> list[Any]:
    """Return the size of a file on the storage, and then its checksum if the storage has one, else all of its times and numbers."""
    checksums = [str(info[key]) for key in ("ETag", "etag", "md5Hash", "content_md5") if info.get(key)]
    changes = [str(info[key]) for key in ("mtime", "created", "updated", "LastModified", "generation", "ino") if info.get(key)]
    return [info.get("size"), *(checksums[:1] or changes)]


@contextlib.contextmanager
def opened(results: Path, study: str) -> "Iterator[Remote | None]":
    """Lock a study's folder on the storage for this sweep and bring the mirror up to date.

    Yields None if the results are in an ordinary folder.

    Raises:
        UserError: Another sweep is running on the study, or the storage cannot be reached.
    """
    url = url_of(results)
    if url is None:
        yield None
        return
    remote = Remote(f"{url}/{study}", results / study)
    with RemoteLock(remote):
        remote.remove(STOP_FILE)
        remote.pull()
        try:
            yield remote
        finally:
            with contextlib.suppress(UserError):
                remote.push(LOG_FILE)
                remote.remove(STOP_FILE)


class RemoteLock:
    """A lock on the storage that allows one sweep at a time on a study.

    Its holder writes a new number every `BEAT_SECONDS`. A second sweep waits to see whether the number changes, so that clocks are not
    compared.

    Raises:
        UserError: Another sweep holds the lock and is alive.
    """

    NAME, BEAT_SECONDS = ".lock", 10.0

    def __init__(self, remote: Remote) -> None:
        import threading

        self.remote, self.beat = remote, 0
        self.mine = f"{os.uname().nodename} {os.getpid()} {time.time_ns()}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, name="remote-lock", daemon=True)

    def __enter__(self) -> "RemoteLock":
        held = self.remote.read(self.NAME)
        if held:
            time.sleep(self.BEAT_SECONDS * 2.5)
            if self.remote.read(self.NAME) not in (held, None):
                host, pid = held.split()[:2] if len(held.split()) > 2 else ("?", "?")
                message = f"another sweep is running on {self.remote.url} (process {pid} on {host})"
                raise UserError(f"{message}: wait for it, stop it, or choose another results folder")
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=30)
        with contextlib.suppress(UserError):
            self.remote.remove(self.NAME)

    def _write(self) -> None:
        self.beat += 1
        self.remote.write(self.NAME, f"{self.mine} {self.beat}\n")

    def _live(self) -> None:
        while not self._over.wait(self.BEAT_SECONDS):
            # If the storage is away for a while, the next beat is tried later; if it stays away, the sweep ends at its next record.
            with contextlib.suppress(UserError):
                self._write()
