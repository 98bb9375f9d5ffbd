"""Speaks words with the program flite, which also says when each phone ends."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from landscape.components.datasets._speaking.sound_files import Sound, read_wav
from landscape.core.errors import UserError

VERSION = "2.2"
"""The version of flite. Another one would speak otherwise."""
VOICES = ("kal16", "awb", "rms", "slt")
"""The voices of flite with 16,000 samples a second."""
SECONDS = 60


class Manner(NamedTuple):
    """How a word is spoken."""

    stretch: float
    """How much longer each phone lasts than the voice has it."""
    pitch: float
    """The factor of the pitch. The voice rms does not change its pitch."""


class Spoken(NamedTuple):
    """What flite has said."""

    sound: Sound
    phones: list[tuple[str, float]]
    """Each phone with the second at which it ends."""


def require_flite(dataset: str) -> str:
    """Return the path of the program.

    Raises:
        UserError: It is not installed, or has another version.
    """
    remedy = f"install the package flite, version {VERSION} (Debian, Ubuntu: apt install flite)"
    path = shutil.which("flite")
    if path is None:
        raise UserError(f"data set {dataset!r} is spoken by the program flite, which is not installed: {remedy}")
    found = re.search(r"flite-(\d+\.\d+)", _run([path, "--version"], may_fail=True))  # It ends with 1.
    if found is None or found[1] != VERSION:
        raise UserError(
            f"data set {dataset!r} is spoken by flite {VERSION}, {path} is {found[1] if found else 'another program'}: {remedy}"
        )
    return path


def speak(program: str, word: str, voice: str, manner: Manner) -> Spoken:
    """Return a word as flite speaks it.

    Raises:
        UserError: The program fails.
    """
    settings = ("--setf", f"duration_stretch={manner.stretch}", "--setf", f"f0_shift={manner.pitch}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "spoken.wav")
        told = _run([program, "-voice", voice, *settings, "-psdur", "-t", word, "-o", str(file)])
        return Spoken(read_wav(file), parsed(told))


def parsed(told: str) -> list[tuple[str, float]]:
    """Return the phones and their ends in seconds of flite's line `pau:0.164 s:0.268 ...`."""
    pairs = (part.rpartition(":") for part in told.split())
    return [(phone, float(end)) for phone, _, end in pairs]


def _run(command: list[str], may_fail: bool = False) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=not may_fail).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(f"{' '.join(command)} failed: {error}; install flite {VERSION} again") from None
