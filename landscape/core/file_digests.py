"""Digests of what files contain. Files are read once, and their digest is remembered for as long as they are untouched.

A name, a size and a time do not identify content: `cp -p`, `tar --mtime` and container layers give other content the same three. Together
with the inode and the time of the last change of the inode (ctime, which no program can set back), they tell whether a file that was read
before is still untouched. They are only the key under which a digest is remembered, and never an identity.
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
"""The digest of a file that changed less than this ago is not remembered, because a second change within one tick of the clock would not be
noticed.
"""
SHOWN_BYTES = 2**30
"""Progress is shown only for more bytes than this; reading fewer takes at most a second or two."""

State = tuple[str, int, int, int, int]
"""The resolved path, inode, ctime and mtime in nanoseconds, and size in bytes."""


@dataclass(frozen=True)
class Contents:
    """What files contained when they were read."""

    digest: str
    """SHA-256 (64 hex digits) over the base name, the size and the SHA-256 of each file, in order."""
    files: tuple[Path, ...]
    states: tuple[State, ...]

    def require_untouched(self) -> None:
        """Check that the files are still those of the digest.

        Raises:
            UserError: One of them was touched since it was read. The line names it.
        """
        for file, before, now in zip(self.files, self.states, states_of(self.files), strict=True):
            if before != now:
                raise UserError(f"{file} changed while it was being read: wait until nothing writes to it, and try again")


def states_of(files: Sequence[Path]) -> tuple[State, ...]:
    """Return the state of each file.

    Raises:
        UserError: A file is missing or must not be accessed.
    """
    parents = {parent: os.path.realpath(parent) for parent in {file.parent for file in files}}
    try:
        return tuple(_state(f"{parents[file.parent]}/{file.name}", file.stat()) for file in files)
    except OSError as error:
        raise UserError(f"cannot read {error.filename}: {error.strerror or error}") from error


def _state(path: str, found: os.stat_result) -> State:
    return (path, found.st_ino, found.st_ctime_ns, found.st_mtime_ns, found.st_size)


def contents_of(files: Sequence[Path], memory: Path, what: str, *, reread: bool = False, shows: bool = True) -> Contents:
    """Return the digest of what `files` contain. Untouched files are not read again if their digest is remembered.

    Args:
        files: Regular files, in the order in which they matter.
        memory: The folder in which digests are remembered.
        what: A name for the files, used in messages.
        reread: Whether to read every file in any case, and to say on stderr if the remembered digest was wrong.
        shows: Whether progress is shown on stderr when much is read.

    Raises:
        UserError: A file cannot be read, or changes meanwhile.
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
    """Yield the SHA-256 of each file in order. A few thousand are read at a time, so that millions of files need little memory."""
    for start in range(0, len(files), 4096):
        yield from pool.map(sha256_of, files[start : start + 4096])


def sha256_of(file: Path, what: str = "") -> str:
    """Return the SHA-256 of a file, 64 hex digits.

    Args:
        file: The file, which is read in pieces.
        what: What the file holds, such as `weights`. It stands before the file's name in the message.

    Raises:
        UserError: The file cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        named = f"{what} {file}" if what else str(file)
        raise UserError(f"cannot read {named}: {error.strerror or error}") from error


def recall(memory: Path, states: Sequence[State]) -> str | None:
    """Return the digest that was remembered for files in these states, or None."""
    with contextlib.suppress(OSError, ValueError):
        text = _place(memory, states).read_text(encoding="ascii").strip()
        return text or None
    return None


def remember(memory: Path, states: Sequence[State], digest: str) -> None:
    """Remember a digest for files in these states. If the folder cannot be written, the files are read again the next time."""
    with contextlib.suppress(UserError):
        write_bytes(_place(memory, states), digest.encode() + b"\n")


def _place(memory: Path, states: Sequence[State]) -> Path:
    text = json.dumps(states, ensure_ascii=True)
    return memory / hashlib.sha256(text.encode()).hexdigest()[:32]
