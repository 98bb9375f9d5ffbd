"""Speech for tests that need no program: each phone is a hum of a pitch of its own, and each voice has its own timbre."""

import numpy as np
import torch

from landscape.components.datasets._base import Dataset, Split
from landscape.components.datasets._speaking.flite import VOICES, Spoken
from landscape.components.datasets._speech import NUMBERS, PHONES, Speech
from landscape.components.numerics.mel import FRAMES, RATE

SPELLED = dict(zip("abcdefghijklmnoprstuvwyz", [phone for phone in PHONES if phone != "pau"], strict=False))


def hum(phone, voice, seconds, stretch=1.0):
    """The sound of one phone: three harmonics of its pitch, louder or softer by the voice."""
    times = np.arange(round(seconds * stretch * RATE)) / RATE
    pitch = 200 + 60 * NUMBERS[phone]
    parts = [np.sin(2 * np.pi * pitch * k * times) / k ** (1 + VOICES.index(voice) / 2) for k in (1, 2, 3)]
    return (0.1 * sum(parts)).astype(np.float32) if phone != "pau" else np.zeros(len(times), np.float32)


def speak(program, word, voice, manner):
    """Stands in for flite: spells the word, 80 ms a letter, between two pauses of 200 ms."""
    phones = ["pau", *(SPELLED.get(letter, "aa") for letter in word), "pau"]
    lengths = [0.2, *[0.08 * manner.stretch] * len(word), 0.2]
    sound = np.concatenate([hum(phone, voice, seconds) for phone, seconds in zip(phones, lengths, strict=True)])
    return Spoken(sound, list(zip(phones, np.cumsum(lengths).tolist(), strict=True)))


def without_flite(monkeypatch):
    """Let `spoken_words` be spoken by `speak`."""
    monkeypatch.setattr("landscape.components.datasets.spoken_words.require_flite", lambda name: "no program")
    monkeypatch.setattr("landscape.components.datasets.spoken_words.speak", speak)


def noise(rows=16, voices=("a", "b")):
    """A data set of random mels with random phones, for tests of what does not depend on their content."""
    generator = torch.Generator().manual_seed(0)
    speech = Speech(voices, ((5.0,) * len(PHONES),) * len(voices), {"seven": "s eh v ax n", "no": "n ow"})

    def split():
        phones = torch.randint(0, len(PHONES), (rows, FRAMES // 8), generator=generator).repeat_interleave(8, 1)
        voice = torch.randint(0, len(voices), (rows, 1), generator=generator)
        images = torch.randint(0, 256, (rows, 1, 64, 64), dtype=torch.uint8, generator=generator)
        return Split(images, torch.arange(rows) % 4, tokens=torch.cat([voice, phones], 1))

    return Dataset("spoken_words", {"train": split(), "test": split()}, "0" * 16, classes=4, language=speech)
