"""Three digits as red, green and blue of one image, with a text that says which: 1,000 combinations, of which 100 are not trained on."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray

from landscape.components.datasets._base import Dataset, Split
from landscape.components.datasets._language import Language
from landscape.components.datasets._preparing.content import content_hash
from landscape.components.datasets._preparing.memory import in_memory
from landscape.core.errors import UserError

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
COLORS = ("red", "green", "blue")
LANGUAGE = Language((*COLORS, *DIGITS), 2 * len(COLORS), tuple(chain.from_iterable(((color,), DIGITS) for color in COLORS)))
"""Texts such as "red seven green two blue one"."""

Labels = NDArray[np.int64]
Digits = tuple[NDArray[np.uint8], Labels]
"""Images (M, H, W) of single digits, and what they show (M,)."""


def is_unseen(labels: Labels) -> NDArray[np.bool_]:
    """Return which combinations (N, 3) of digits are held out of the training: those whose sum is a multiple of ten.

    These are 100, and each pair of digits at two places occurs in exactly one of them. The moments of the features of single digits, and
    with them a Frechet distance, are therefore the same over combinations that are seen and over those that are not.
    """
    held_out: NDArray[np.bool_] = labels.sum(1) % 10 == 0
    return held_out


def stacked_texts(name: str, digits: Mapping[str, Digits], sizes: Mapping[str, int], seed: int, classifier: str) -> Dataset:
    """Return a data set of stacked digits with their texts and, as labels, the numbers that they form, 0 to 999.

    Training and validation samples are combinations that are trained on. In the test split as many samples are of the others.

    Args:
        name: The name of the data set.
        digits: The digits of each split.
        sizes: The number of samples of each split. That of the test split is even.
        seed: The seed of the draw.
        classifier: The classifier that reads each digit.
    """
    random = np.random.RandomState(seed)
    arrays, numbers = {}, {}
    for split, (images, labels) in digits.items():
        drawn = [(False, sizes[split])] if split != "test" else [(False, sizes[split] // 2), (True, sizes[split] // 2)]
        triples = np.concatenate([_triples(random, labels, unseen, size) for unseen, size in drawn])
        triples = triples[random.permutation(len(triples))]
        arrays[split], numbers[split] = (images[triples], labels[triples] @ np.array([100, 10, 1])), labels[triples]
    handling = {
        "draw": f"triples of digits, seed {seed}",
        "held out": "the 100 combinations whose digits add up to a multiple of ten: half of the test split, none of the other splits",
    }
    made = in_memory(name, arrays, classes=1000, classifier=f"stacked:{classifier}", handling=handling)
    splits = {split: replace(part, tokens=_tokens(numbers[split])) for split, part in made.splits.items()}
    return replace(made, splits=splits, content_hash=content_hash(splits), language=LANGUAGE)


def require_color(channels: int | None, name: str) -> None:
    """Refuse one channel, in which three digits would cover each other.

    Raises:
        UserError: One channel is asked for.
    """
    if channels == 1:
        raise UserError(f"{name}: three digits in one channel would cover each other: leave channels at 3")


def digits_of(split: Split) -> Digits:
    """Return the images and labels of a split of gray digits."""
    assert split.labels is not None
    return split.samples.numpy()[:, 0], split.labels.numpy()


def _triples(random: np.random.RandomState, labels: Labels, unseen: bool, size: int) -> Labels:
    """Draw the indices (size, 3) of digits whose combinations are held out or not, all with the same probability.

    Raises:
        UserError: The digits have no such combination.
    """
    values = np.unique(labels)
    if not (is_unseen(np.stack(np.meshgrid(values, values, values), -1).reshape(-1, 3)) == unseen).any():
        seen = ", ".join(map(str, values))
        raise UserError(f"stacked words: the digits {seen} have no combination for a split: use files with all digits")
    found, count = [], 0
    while count < size:
        triples = random.randint(len(labels), size=(size, 3))
        found.append(triples[is_unseen(labels[triples]) == unseen])
        count += len(found[-1])
    return np.concatenate(found)[:size]


def _tokens(labels: Labels) -> torch.Tensor:
    """Return the texts [N, 6] of combinations (N, 3) of digits: color, digit, color, digit, color, digit."""
    colors = np.broadcast_to(np.arange(1, len(COLORS) + 1), labels.shape)
    return torch.from_numpy(np.stack([colors, labels + len(COLORS) + 1], 2).reshape(len(labels), -1))
