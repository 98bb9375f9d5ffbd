"""Decides what a command does when it is stopped, in order by Ctrl-C or SIGTERM, or by anything that ends its process at once."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Make the first Ctrl-C or SIGTERM in this block only turn the yielded function to True. The second one ends the program at once."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise SystemExit(130)
        asked = True
        click.echo("landscape: stopping after this step, the state is kept (once more to stop at once)", err=True)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def last_word(text: str) -> Iterator[Callable[[str], None]]:
    """Write `text` on stderr if this process ends within this block in a way that Python cannot report.

    A library in C may end the process, and so may the system when memory runs out: then no line of Python runs any more. A shell waits
    for the end of a pipe instead, and writes the text when the pipe closes before this block has ended. The yielded function changes
    the text. A shell costs about 1 MB and no time.
    """
    script = 'text=; while IFS= read -r line; do text=$line; done; [ -z "$text" ] || printf "%s\\n" "$text" >&2'
    # Its own session keeps Ctrl-C away from it. What it starts in the background is no child of this process, so that whoever ends this
    # process's children leaves it alone.
    starter = ["/bin/sh", "-c", f"exec 3<&0; {{ {script}; }} <&3 &"]
    try:
        with subprocess.Popen(  # noqa: S603 - the script is a constant
            starter, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True, text=True
        ) as shell:
            assert shell.stdin is not None
            pipe = os.fdopen(os.dup(shell.stdin.fileno()), "w", encoding="utf-8")
    except OSError:
        yield lambda changed: None
        return

    def say(changed: str) -> None:
        with contextlib.suppress(OSError):
            pipe.write(" ".join(changed.split()) + "\n")
            pipe.flush()

    say(text)
    try:
        yield say
    finally:
        say("")
        with contextlib.suppress(OSError):
            pipe.close()
