"""Runs readers that a damaged file may kill or exhaust in a process of their own, and receives through a pipe what they find.

What they send is divided into frames. A frame consists of its length (8 bytes, little-endian) and its content. The first frame is a JSON
object; the meaning of the others depends on the reader.
"""

import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from landscape.core.errors import UserError

SILENCE_SECONDS = 120.0
"""A reader that sends nothing for this long is taken to be caught in an endless loop by a damaged file."""
MAX_FRAME_BYTES = 2**31
_LENGTH = struct.Struct("<Q")
_PACKAGE_ROOT = Path(__file__).resolve().parents[4]


class Child:
    """A running reader. It is used as a context manager, which ends the process.

    Its methods raise a UserError that names the file if the process has died, was silent for too long, or says that the file is damaged.
    """

    def __init__(self, module: str, path: Path, *arguments: str) -> None:
        self._path = path
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH"))))}
        command = [sys.executable, "-m", module, str(path), *arguments]
        self._process = subprocess.Popen(  # noqa: S603  (our own module, no shell)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        self._buffer = bytearray()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def header(self) -> dict[str, Any]:
        """Return the first frame."""
        return dict(json.loads(self.frame(1 << 20)))

    def frame(self, limit: int = MAX_FRAME_BYTES) -> bytes:
        """Return the next frame, which may have at most `limit` bytes."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > limit:
            raise UserError(f"{self._path} holds a value of {length:,} bytes, over the limit of {limit:,}: it is damaged")
        return self._exactly(length)

    def frames(self, count: int, limit: int) -> Iterator[bytes]:
        """Yield the next `count` frames."""
        for _ in range(count):
            yield self.frame(limit)

    def finish(self) -> None:
        """Check, after the last frame, that the reader has sent no more and has ended without an error."""
        if self._buffer or os.read(self._pipe, 1):
            raise UserError(f"{self._path} holds more than it claims: it is damaged; fetch it again")
        if self._process.wait() != 0:
            raise self._death()

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            ready, _, _ = select.select([self._pipe], [], [], SILENCE_SECONDS)
            if not ready:
                raise UserError(f"{self._path} is damaged: its reader was silent for {SILENCE_SECONDS:g} s; fetch it again")
            piece = os.read(self._pipe, 1 << 20)
            if not piece:
                raise self._death()
            self._buffer += piece
        content = bytes(self._buffer[:count])
        del self._buffer[:count]
        return content

    def _death(self) -> UserError:
        assert self._process.stderr is not None
        code = self._process.wait()
        last_line = (self._process.stderr.read().decode(errors="replace").strip().splitlines() or [""])[-1]
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            return UserError(f"{self._path} is damaged: it killed its reader ({name}); fetch it again")
        return UserError(f"{self._path} cannot be read: {last_line or f'its reader ended with code {code}'}")


def send(content: bytes | memoryview) -> None:
    """Send one frame to the parent. This is called in the child."""
    out = sys.stdout.buffer
    out.write(_LENGTH.pack(len(content)))
    out.write(content)


def send_header(data: dict[str, Any]) -> None:
    """Send the first frame to the parent. This is called in the child."""
    send(json.dumps(data).encode())


def fail(reason: str) -> None:
    """End the process with a reason, which the parent shows. This is called in the child."""
    sys.stdout.flush()
    print(reason.replace("\n", " "), file=sys.stderr)
    sys.exit(3)


def limit_memory(extra_bytes: int) -> None:
    """Allow the process `extra_bytes` of address space beyond what it uses now. This is called in the child."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    limit = pages * resource.getpagesize() + extra_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def wait_for_parent() -> None:
    """End the process when its parent has ended, even if the parent was killed. This is called in the child."""
    import threading

    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(4)

    threading.Thread(target=watch, daemon=True).start()
