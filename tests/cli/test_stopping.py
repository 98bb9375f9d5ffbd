"""A command whose process breaks off still says what happened."""

import subprocess
import sys

PROGRAM = """
import os, sys
from landscape.cli.stopping import last_word
with last_word("first  word") as say_instead:
    if sys.argv[1] == "early": os._exit(195)
    say_instead("second word")
    if sys.argv[1] == "killed": os.kill(os.getpid(), 9)
    if sys.argv[1] == "error": raise ZeroDivisionError
"""


def end(how: str) -> tuple[int, str]:
    run = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=False, timeout=60)
    return run.returncode, run.stderr


def test_the_last_word_appears_only_where_python_could_not_report():
    """What a C library or the system ends is told by the shell that waits; what Python ends is told by Python."""
    assert end("early") == (195, "first word\n")
    assert end("killed") == (-9, "second word\n")
    assert end("in order") == (0, "")
    code, text = end("error")
    assert code == 1
    assert text.endswith("ZeroDivisionError\n")


def test_without_a_shell_the_command_runs_all_the_same(monkeypatch):
    """The last word is a service; a machine that can start no shell goes without it."""
    from landscape.cli import stopping

    def no_shell(*_, **__):
        raise OSError("no shell")

    monkeypatch.setattr(stopping.subprocess, "Popen", no_shell)
    with stopping.last_word("word") as say_instead:
        say_instead("another")
