"""Prepares recordings of speech into the cache: mels as images, the phone of each frame, and splits that hold out words."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from landscape.components.datasets._base import SPLITS, Dataset, Request
from landscape.components.datasets._preparing.cache import LABELS, TOKENS, cached
from landscape.components.datasets._readers.files import shown
from landscape.components.datasets._speaking.sound_files import Sound
from landscape.components.datasets._speech import LEAD, NUMBERS, PAUSE, PHONES, Speech
from landscape.components.numerics.mel import BANDS, FRAMES, HOP, LENGTH, RATE, log_mel, to_levels
from landscape.core.cpu_count import cores
from landscape.core.errors import UserError
from landscape.core.progress import progress

SHARES: Mapping[str, float] = {"validation": 0.1, "test": 0.1}
"""The share of the recordings that each split holds beside the training."""


class Recording(NamedTuple):
    """What was said, and when."""

    sound: Sound
    """float32 (samples,) in [-1, 1] at `RATE`."""
    phones: Sequence[tuple[str, float]]
    """Each phone in its order with the second at which it ends."""


class Item(NamedTuple):
    """A recording before it is read."""

    words: tuple[str, ...]
    """What is said in it."""
    voice: int
    label: int | None
    """The class of the recording, or None."""
    read: Callable[[], Recording]


@dataclass(frozen=True)
class Recordings:
    """A data set of speech before its preparation."""

    items: Sequence[Item]
    voices: tuple[str, ...]
    lexicon: Mapping[str, str]
    """The phones of each word, with blanks between them."""
    classes: int | None = None
    handling: Mapping[str, str] | None = None
    windows: bool = False
    """Whether a recording gives all windows in which something is said, one behind the other. Otherwise it gives one, which begins
    `LEAD` frames before the first phone.
    """


def require_mel(request: Request, name: str) -> None:
    """Check that no other size or colors are asked for.

    Raises:
        UserError: They are.
    """
    if request.resolution not in (None, BANDS) or request.channels not in (None, 1):
        raise UserError(f"data set {shown(name)!r} holds mels of {FRAMES} frames and {BANDS} bands: leave resolution and channels out")


def prepared_speech(request: Request, name: str, identity: Mapping[str, Any], seed: int, open_source: Callable[[], Recordings]) -> Dataset:
    """Return a data set of speech, from the cache if it was prepared before.

    Args:
        request: Where to keep it.
        name: The name of the data set.
        identity: Plain data that decide the outcome.
        seed: The seed with which words are held out.
        open_source: Opens the recordings. It is called only if the data are not prepared yet.

    Raises:
        UserError: A recording cannot be read, or there are too few.
    """
    return cached(
        request,
        name,
        {**identity, "held out": [dict(SHARES), seed], "mel": [RATE, HOP, BANDS, FRAMES]},
        lambda folder: _fill(folder, name, open_source(), seed, request.progress),
    )


def split_by_words(texts: Sequence[Sequence[str]], shares: Mapping[str, float], seed: int) -> list[str]:
    """Return the split of each recording, so that every recording outside of `train` has a word that no recording of `train` has.

    Words are taken in random order, each with all recordings that contain it, until a split has its share. A word that would bring more
    recordings than are still wanted stays in the training.
    """
    holders: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        for word in sorted(set(text)):
            holders.setdefault(word, []).append(place)
    words = sorted(holders)
    order = [words[i] for i in np.random.RandomState(seed).permutation(len(words))]
    found = ["train"] * len(texts)
    for split, share in shares.items():
        wanted = round(share * len(texts))
        for word in order:
            free = [place for place in holders[word] if found[place] == "train"]
            if len(free) <= wanted:
                for place in free:
                    found[place] = split
                wanted -= len(free)
    return found


class Made(NamedTuple):
    """The windows of one recording."""

    images: NDArray[np.uint8]
    """(windows, 1, BANDS, FRAMES)."""
    phones: NDArray[np.int64]
    """The phone of each frame, (windows, FRAMES)."""
    spoken: list[tuple[int, float]]
    """Each phone by its number, with its duration in frames."""


def made_of(recording: Recording, windows: bool) -> Made:
    """Return the mels of a recording, and the phone in the middle of each frame."""
    starts = [0.0, *(end for _, end in recording.phones)]
    numbers = [NUMBERS[phone] for phone, _ in recording.phones]
    spoken = [(number, (end - start) * RATE / HOP) for number, start, (_, end) in zip(numbers, starts, recording.phones, strict=False)]
    begin = 0
    if not windows:
        first = next((start for number, start in zip(numbers, starts, strict=False) if number), 0.0)
        begin = round(first * RATE) - LEAD * HOP
    count = max(1, -(-len(recording.sound) // LENGTH) if windows else 1)
    padded = np.zeros(count * LENGTH, np.float32)
    taken = recording.sound[max(0, begin) : begin + len(padded)]
    padded[max(0, -begin) : max(0, -begin) + len(taken)] = taken[: len(padded) - max(0, -begin)]
    seconds = (begin + np.arange(count * FRAMES) * HOP) / RATE
    places = np.searchsorted([end for _, end in recording.phones], seconds, side="right")
    known = np.array([*numbers, NUMBERS[PAUSE]])[places]
    known[seconds < 0] = NUMBERS[PAUSE]
    images, phones = to_levels(log_mel(torch.from_numpy(padded).view(count, LENGTH))).numpy(), known.reshape(count, FRAMES)
    said = (phones != NUMBERS[PAUSE]).any(1) if windows else np.ones(count, bool)
    return Made(images[said], phones[said], spoken)


def _fill(folder: Path, name: str, source: Recordings, seed: int, shows: bool) -> dict[str, Any]:
    homes = split_by_words([item.words for item in source.items], SHARES, seed)
    if set(homes) != set(SPLITS):
        raise UserError(f"data set {shown(name)!r} has {len(homes)} recordings, too few to hold out words: give more")
    with progress(f"landscape: preparing {shown(name)}", len(homes), shows) as advance, ThreadPoolExecutor(cores()) as pool:

        def work(item: Item) -> Made:
            made = made_of(item.read(), source.windows)
            advance(1)
            return made

        made = list(pool.map(work, source.items))
    for split in SPLITS:
        rows = [place for place, home in enumerate(homes) if home == split]
        np.save(folder / f"{split}.npy", np.concatenate([made[row].images for row in rows]), allow_pickle=False)
        voices = [np.full((len(made[row].phones), 1), source.items[row].voice) for row in rows]
        tokens = np.concatenate([np.concatenate([of, made[row].phones], 1) for of, row in zip(voices, rows, strict=True)])
        np.save(folder / f"{split}{TOKENS}.npy", tokens.astype(np.int64), allow_pickle=False)
        if source.classes is not None:
            labels = np.concatenate([np.full(len(made[row].phones), source.items[row].label) for row in rows])
            np.save(folder / f"{split}{LABELS}.npy", labels.astype(np.int64), allow_pickle=False)
    training = [(source.items[row].voice, made[row].spoken) for row, home in enumerate(homes) if home == "train"]
    speech = Speech(source.voices, _durations(training, len(source.voices)), dict(source.lexicon))
    words = [sorted({w for item, home in zip(source.items, homes, strict=True) if home == split for w in item.words}) for split in SPLITS]
    unseen = sorted({*words[1], *words[2]} - set(words[0]))
    told = {"split": f"by words, seed {seed}: {len(unseen)} of {len({w for each in words for w in each})} words are not trained on"}
    handling = {"mel": f"{RATE} Hz, {BANDS} bands, {FRAMES} frames of {HOP} samples", **told, **(source.handling or {})}
    return {"classes": source.classes, "handling": handling, "classifier": "", "language": asdict(speech)}


def _durations(spoken: Sequence[tuple[int, Sequence[tuple[int, float]]]], voices: int) -> tuple[tuple[float, ...], ...]:
    """Return the mean duration of each phone in frames for each voice; that of all its phones where a voice never speaks one."""
    total, count = np.zeros((voices, len(PHONES))), np.zeros((voices, len(PHONES)))
    for voice, phones in spoken:
        for number, frames in phones:
            total[voice, number] += frames
            count[voice, number] += 1
    of_voice = total[:, 1:].sum(1) / np.maximum(count[:, 1:].sum(1), 1)
    mean = np.where(count > 0, total / np.maximum(count, 1), of_voice[:, None])
    return tuple(tuple(round(float(value), 3) for value in row) for row in mean)
