"""Reads pictures and sounds of trials as data URIs. Records may come from strangers: only a trial's own PNG and WAVE files are read."""

import base64
import struct
from dataclasses import dataclass
from pathlib import Path

from landscape.report.legends import NO_LEGEND, Legend
from landscape.results.trial_files import Trial

LARGEST_BYTES = 4 * 2**20
LARGEST_SIDE = 8192
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """One picture as it is embedded in a page, or the reason why it is not."""

    name: str
    uri: str = ""
    width: int = 0
    height: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Sound:
    """One sound as it is embedded in a page, or the reason why it is not."""

    uri: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Sample:
    """A picture of one model with its caption, and a sound if the model makes speech."""

    picture: Picture
    caption: str
    alt: str
    sound: Sound | None = None
    legend: Legend = NO_LEGEND


def picture(trial: Trial, name: str) -> Picture | None:
    """Return the trial's picture called `name` (`samples`, `nearest`, ...), or None if the trial has no such picture."""
    file = trial.record.pictures.get(name)
    if file is None:
        return None
    content = _content(trial, file)
    return Picture(name, problem=content) if isinstance(content, str) else _embedded(name, file, content)


def sound(trial: Trial, name: str) -> Sound | None:
    """Return the trial's sound called `name` (`samples`), or None if the trial has no such sound."""
    file = trial.record.sounds.get(name)
    if file is None:
        return None
    content = _content(trial, file)
    if isinstance(content, str):
        return Sound(problem=content)
    if not (content.startswith(b"RIFF") and content[8:12] == b"WAVE"):
        return Sound(problem=f"{file} is no WAVE sound")
    return Sound("data:audio/wav;base64," + base64.b64encode(content).decode())


def _content(trial: Trial, file: str) -> bytes | str:
    """Return the bytes of a file of the trial, or the reason why they are not embedded."""
    if Path(file).name != file or file.startswith("."):
        return f"the record names {file!r}, which is no file of the trial"
    path = trial.folder / file
    try:
        if path.is_symlink() or not path.is_file():
            return f"{file} is missing"
        if path.stat().st_size > LARGEST_BYTES:
            return f"{file} is larger than {LARGEST_BYTES // 2**20} MiB: see {path}"
        return path.read_bytes()
    except OSError as error:
        return f"{file} cannot be read: {error.strerror or error}"


def _embedded(name: str, file: str, content: bytes) -> Picture:
    if len(content) < 24 or not content.startswith(_SIGNATURE) or content[12:16] != b"IHDR":
        return Picture(name, problem=f"{file} is no PNG picture")
    width, height = struct.unpack(">II", content[16:24])
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        return Picture(name, problem=f"{file} measures {width} x {height}, more than {LARGEST_SIDE} a side")
    return Picture(name, "data:image/png;base64," + base64.b64encode(content).decode(), width, height)
