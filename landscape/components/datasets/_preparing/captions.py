"""Makes tokens of captions: the words that are frequent enough in the training, in texts of one length."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._language import END, Language, words_of

Captions = Sequence[Sequence[str]]
"""The captions of each picture, of which all have the same number."""


def language_of_captions(training: Captions, minimum: int, length: int) -> Language:
    """Return the words that occur at least `minimum` times in the captions of the training, the most frequent ones first."""
    counts = Counter(word for captions in training for caption in captions for word in words_of(caption))
    known = sorted((word for word, count in counts.items() if count >= minimum), key=lambda word: (-counts[word], word))
    return Language(tuple(known), length)


def encoded(captions: Captions, language: Language) -> NDArray[np.int64]:
    """Return the captions of each picture as tokens (N, K, L).

    Words that the language does not have are left out, and of those that remain the first L are taken.
    """
    numbers = {word: number for number, word in enumerate(language.words, 1)}

    def row(caption: str) -> list[int]:
        known = [numbers[word] for word in words_of(caption) if word in numbers][: language.length]
        return [*known, *[END] * (language.length - len(known))]

    return np.array([[row(caption) for caption in of_one] for of_one in captions], dtype=np.int64)


def described(captions: Iterable[Sequence[str]], language: Language) -> str:
    """Return in words how many words of captions are not known, and how many captions have more words than a text takes."""
    known, words, unknown, longer, total = set(language.words), 0, 0, 0, 0
    for of_one in captions:
        for caption in of_one:
            of_caption = words_of(caption)
            kept = sum(word in known for word in of_caption)
            words, unknown, total = words + len(of_caption), unknown + len(of_caption) - kept, total + 1
            longer += kept > language.length
    told = f"{len(language.words):,} words; {unknown:,} of {words:,} words in captions are not among them and are left out"
    return f"{told}; {longer:,} of {total:,} captions are cut after {language.length} words"
