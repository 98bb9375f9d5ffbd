"""Lines for someone who looks for a fault: they appear on stderr only where the environment sets LANDSCAPE_DEBUG."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_STARTED = time.monotonic()


def debug_line(text: str) -> None:
    """Write `text` with the seconds since the program started, if LANDSCAPE_DEBUG is set."""
    if os.environ.get("LANDSCAPE_DEBUG"):
        print(f"landscape: debug: {time.monotonic() - _STARTED:8.2f} s: {text}", file=sys.stderr, flush=True)


@contextmanager
def debug_step(name: str) -> Iterator[None]:
    """Write when the step `name` begins and how long it took, also where an exception ends it."""
    debug_line(f"{name} begins")
    begin = time.monotonic()
    try:
        yield
    except BaseException as error:
        debug_line(f"{name} was ended by {type(error).__name__} after {time.monotonic() - begin:.2f} s")
        raise
    debug_line(f"{name} took {time.monotonic() - begin:.2f} s")
