"""The first Ctrl-C or SIGTERM stops a sweep in order, and the second one stops it at once."""

import contextlib
import signal
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """While this is active, the first signal asks for an orderly stop, and the second one raises KeyboardInterrupt.

    A stop file tells the workers, whichever machine they run on. They look for it often, save their state when they find it, and return.
    """

    def __init__(self, stop_file: Path) -> None:
        self.stop_file = stop_file
        self.signal: int | None = None
        self.requested_at: float | None = None
        self.at_once = False
        """Whether the user asked twice. The exception that says so may be lost while a library cleans up."""
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self.stop_file.unlink(missing_ok=True)
        self.install()
        return self

    def install(self) -> None:
        """Handle the signals here, again after a library took them. Only the main thread can handle signals in Python."""
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
        """Whether a stop was asked for, so that nothing new may begin."""
        return self.requested_at is not None

    @property
    def waited(self) -> float:
        """Seconds since the stop was asked for; 0 before."""
        return time.monotonic() - self.requested_at if self.requested_at is not None else 0.0

    def request(self) -> None:
        """Ask for an orderly stop, as the first signal does."""
        self.requested_at = self.requested_at or time.monotonic()
        # If the file cannot be written, the workers never see it and are ended after a while.
        with contextlib.suppress(OSError):
            self.stop_file.touch()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            self.at_once = True
            raise KeyboardInterrupt
        self.signal = number
        self.request()
