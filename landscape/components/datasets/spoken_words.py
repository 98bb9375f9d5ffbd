"""Words spoken by the voices of flite."""

from collections.abc import Sequence

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._speaking.flite import VERSION, VOICES, Manner, require_flite, speak
from landscape.components.datasets._speaking.recordings import Item, Recording, Recordings, prepared_speech, require_mel
from landscape.components.datasets._speaking.words import WORDS
from landscape.components.datasets._speech import PAUSE
from landscape.core.registry import PositiveInt, Seed

MANNERS = (Manner(0.9, 1.05), Manner(1.0, 0.95), Manner(1.1, 1.0))
"""How each voice speaks each word."""


@DATASETS.register(
    shape=(1, 64, 64),
    resolution=64,
    has_speech=True,
    source=f"spoken by the program flite, package flite {VERSION} (Debian, Ubuntu: apt install flite), nothing else to fetch",
    paper="Black & Lenzo 2001, Flite: a small fast run-time synthesis engine",
)
def spoken_words(*, words: PositiveInt = 200, seed: Seed = 0, request: Request) -> Dataset:
    """Two hundred words by four voices of flite, each spoken in three manners, as mels of 64 bands and 64 frames, with aligned phones.

    The class is the word. A tenth of the words is the validation split and a tenth the test split, so that the training has no
    recording of them. A mel shows 1.024 s from 64 ms before the first phone on. flite is a synthesizer: its voices are regular, so that a
    model of them says little about human speech.

    Args:
        words: The number of words, of which the first ones of the list are taken, 10 to 200.
        seed: The seed with which words are held out.
        request: What is asked for.

    Raises:
        UserError: flite is missing or has another version, another size is asked for, or there are too few words to hold some out.
    """
    require_mel(request, "spoken_words")
    chosen = WORDS[:words]
    identity = {"flite": VERSION, "voices": VOICES, "manners": MANNERS, "words": chosen}
    return prepared_speech(request, "spoken_words", identity, seed, lambda: _spoken(chosen))


def _spoken(words: Sequence[str]) -> Recordings:
    program = require_flite("spoken-words")

    def said(word: str, voice: str, manner: Manner) -> Recording:
        spoken = speak(program, word, voice, manner)
        return Recording(spoken.sound, spoken.phones)

    lexicon = {
        word: " ".join(phone for phone, _ in speak(program, word, VOICES[-1], MANNERS[1]).phones if phone != PAUSE) for word in words
    }
    items = [
        Item((word,), number, label, lambda word=word, voice=voice, manner=manner: said(word, voice, manner))  # type: ignore[misc]
        for label, word in enumerate(words)
        for number, voice in enumerate(VOICES)
        for manner in MANNERS
    ]
    handling = {"speech": f"flite {VERSION}, voices {', '.join(VOICES)}, {len(MANNERS)} manners of each word"}
    return Recordings(items, VOICES, lexicon, classes=len(words), handling=handling)
