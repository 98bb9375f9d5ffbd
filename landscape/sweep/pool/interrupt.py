"""Ctrl-C and SIGTERM: once to stop in order, twice to stop at once."""

import contextlib
import signal
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """While active, the first signal asks for an orderly stop, the second raises KeyboardInterrupt.

    The stop file tells the workers, on whichever machine they are: they save and give up at their next look.
    """

    def __init__(self, stop_file: Path) -> None:
        self.stop_file = stop_file
        self.signal: int | None = None
        self.requested_at: float | None = None
        self.at_once = False
        """Asked twice. The exception that says so may be lost in a library's clean-up."""
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self.stop_file.unlink(missing_ok=True)
        self.install()
        return self

    def install(self) -> None:
        """Take the signals over; again, after a library took them. Python gives them to the main thread alone."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in SIGNALS:
            before = signal.signal(number, self._handle)
            self._before.setdefault(number, before)

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self.stop_file.unlink(missing_ok=True)

    @property
    def requested(self) -> bool:
        """Whether to finish nothing new."""
        return self.requested_at is not None

    @property
    def waited(self) -> float:
        """Seconds since the request."""
        return time.monotonic() - self.requested_at if self.requested_at is not None else 0.0

    def request(self) -> None:
        """Ask for an orderly stop, as a first signal does."""
        self.requested_at = self.requested_at or time.monotonic()
        # Where the file cannot be written, the workers are ended after a while instead.
        with contextlib.suppress(OSError):
            self.stop_file.touch()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            self.at_once = True
            raise KeyboardInterrupt
        self.signal = number
        self.request()
