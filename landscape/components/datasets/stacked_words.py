"""Stacked MNIST with texts."""

from dataclasses import replace

import numpy as np

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._drawing.stacked_texts import digits_of, require_color, stacked_texts
from landscape.components.datasets._readers.download import MNIST, found_or_fetched
from landscape.components.datasets._readers.idx_digits import find_idx, from_idx
from landscape.core.registry import PositiveInt, Seed

HELD_OUT = 5000
"""The number of samples of the validation split and of the test split."""


@DATASETS.register(
    shape=(3, 28, 28),
    resolution=28,
    has_texts=True,
    source="MNIST's four IDX files {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz], where `mnist` is looked for",
    downloads=True,
    paper="Metz et al. 2017, arXiv:1611.02163 (stacked MNIST); the texts are this project's own",
)
def stacked_words(*, count: PositiveInt = 60_000, seed: Seed = 0, request: Request) -> Dataset:
    """Three MNIST digits as red, green and blue, 28x28, each with a text such as "red seven green two blue one".

    Of the 1,000 combinations, 100 are not trained on: those whose digits add up to a multiple of ten. They are half of the test split. The
    class is the number that the digits form, 0 to 999. Training samples consist of training digits, the
    validation split of the first half of the test digits, and the test split of the other half.

    Args:
        count: The number of training samples.
        seed: The seed of the draw.
        request: What is asked for.
    """
    require_color(request.channels, "stacked_words")
    where = replace(request, channels=None, resolution=None)
    files = found_or_fetched(where, "mnist", MNIST, lambda r: find_idx(r, "mnist", "MNIST"))
    mnist = from_idx(where, "mnist", files, validation=False)
    images, labels = digits_of(mnist.split("test"))
    first = np.arange(len(labels)) < len(labels) // 2
    digits = {
        "train": digits_of(mnist.split("train")),
        "validation": (images[first], labels[first]),
        "test": (images[~first], labels[~first]),
    }
    sizes = {"train": count, "validation": HELD_OUT, "test": HELD_OUT}
    return stacked_texts("stacked_words", digits, sizes, seed, "mnist")
