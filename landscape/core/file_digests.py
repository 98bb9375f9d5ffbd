"""What files hold, as digests: read once, and remembered for as long as the files are untouched.

A name, a size and a time do not identify content: `cp -p`, `tar --mtime` and container layers give other content the same three.
Together with the inode and the time of the last change of the inode (ctime, which no program can set back) they say whether a
file that was read before is still untouched. They are the key of a memory of digests, never an identity.
"""

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from landscape.core.cpu_count import cores
from landscape.core.errors import UserError
from landscape.core.files import write_bytes
from landscape.core.progress import progress

SETTLED_SECONDS = 2.0
"""A digest of a file that changed less than this ago is not kept: a second change within one tick of the clock would go unseen."""
SHOWN_BYTES = 2**30
"""Reading less than this takes a second or two, and is not shown."""

State = tuple[str, int, int, int, int]
"""Resolved path, inode, ctime and mtime in nanoseconds, size in bytes."""


@dataclass(frozen=True)
class Contents:
    """What files held when they were read."""

    digest: str
    """SHA-256 (64 hex digits) over the base name, the size and the SHA-256 of each file, in order."""
    files: tuple[Path, ...]
    states: tuple[State, ...]

    def require_untouched(self) -> None:
        """Check that the files are still those that the digest is of.

        Raises:
            UserError: one of them has been touched since, with its name.
        """
        for file, before, now in zip(self.files, self.states, states_of(self.files), strict=True):
            if before != now:
                raise UserError(f"{file} changed while it was being read: wait until nothing writes to it, and try again")


def states_of(files: Sequence[Path]) -> tuple[State, ...]:
    """The state of each file.

    Raises:
        UserError: a file is missing or may not be looked at.
    """
    parents = {parent: os.path.realpath(parent) for parent in {file.parent for file in files}}
    try:
        return tuple(_state(f"{parents[file.parent]}/{file.name}", file.stat()) for file in files)
    except OSError as error:
        raise UserError(f"cannot read {error.filename}: {error.strerror or error}") from error


def _state(path: str, found: os.stat_result) -> State:
    return (path, found.st_ino, found.st_ctime_ns, found.st_mtime_ns, found.st_size)


def contents_of(files: Sequence[Path], memory: Path, what: str, *, reread: bool = False, shows: bool = True) -> Contents:
    """The digest of what `files` hold, from the memory where they are untouched since they were read.

    Args:
        files: regular files, in the order in which they matter.
        memory: the folder in which digests are remembered.
        what: the files' name in messages.
        reread: read every file whatever is remembered, and say on stderr if the memory was wrong.
        shows: whether reading much is shown on stderr.

    Raises:
        UserError: a file cannot be read, or changes meanwhile.
    """
    began = time.time()
    states = states_of(files)
    remembered = recall(memory, states)
    if remembered is not None and not reread:
        return Contents(remembered, tuple(files), states)
    contents = Contents(_joint_digest(files, states, what, shows), tuple(files), states)
    contents.require_untouched()
    if remembered is not None and remembered != contents.digest:
        print(f"landscape: the files of {what} are not those that were read before, although their times are the same", file=sys.stderr)
    if all(max(ctime, mtime) / 1e9 < began - SETTLED_SECONDS for _, _, ctime, mtime, _ in states):
        remember(memory, states, contents.digest)
    return contents


def _joint_digest(files: Sequence[Path], states: Sequence[State], what: str, shows: bool) -> str:
    total = sum(state[-1] for state in states)
    joint = hashlib.sha256()
    with (
        progress(f"landscape: reading {what}", total, shows and total >= SHOWN_BYTES, unit="bytes") as advance,
        ThreadPoolExecutor(cores()) as pool,
    ):
        for file, state, digest in zip(files, states, _digests(pool, files), strict=True):
            joint.update(f"{file.name}\0{state[-1]}\0{digest}\n".encode("utf-8", "surrogateescape"))
            advance(state[-1])
    return joint.hexdigest()


def _digests(pool: ThreadPoolExecutor, files: Sequence[Path]) -> Iterator[str]:
    """The SHA-256 of each file in order. A few thousand at a time, so that millions of files need no memory."""
    for start in range(0, len(files), 4096):
        yield from pool.map(sha256_of, files[start : start + 4096])


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, 64 hex digits.

    Raises:
        UserError: it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror or error}") from error


def recall(memory: Path, states: Sequence[State]) -> str | None:
    """The digest that was remembered for files in these states, or None."""
    with contextlib.suppress(OSError, ValueError):
        text = _place(memory, states).read_text(encoding="ascii").strip()
        return text or None
    return None


def remember(memory: Path, states: Sequence[State], digest: str) -> None:
    """Remember a digest of files in these states. Where the folder cannot be written, they are read again the next time."""
    with contextlib.suppress(UserError):
        write_bytes(_place(memory, states), digest.encode() + b"\n")


def _place(memory: Path, states: Sequence[State]) -> Path:
    text = json.dumps(states, ensure_ascii=True)
    return memory / hashlib.sha256(text.encode()).hexdigest()[:32]
