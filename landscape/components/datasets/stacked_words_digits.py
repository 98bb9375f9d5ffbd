"""scikit-learn's digits, stacked and with texts, which need no files."""

from landscape.components.datasets._base import DATASETS, Channels, Dataset
from landscape.components.datasets._drawing.stacked_texts import digits_of, require_color, stacked_texts
from landscape.components.datasets.digits import digits
from landscape.core.registry import PositiveInt, Seed

HELD_OUT = {"validation": 1000, "test": 2000}
"""The number of samples of each split but the training split."""


@DATASETS.register(
    shape=(3, 8, 8),
    resolution=8,
    has_texts=True,
    source="ships with scikit-learn, nothing to fetch",
    paper="Alpaydin & Kaynak 1998 (`digits`), stacked as Metz et al. 2017, arXiv:1611.02163; the texts are this project's own",
)
def stacked_words_digits(*, count: PositiveInt = 12_000, seed: Seed = 0, channels: Channels | None = None) -> Dataset:
    """Three of scikit-learn's digits as red, green and blue, 8x8, each with a text such as "red seven green two blue one".

    Of the 1,000 combinations, 100 are not trained on: those whose digits add up to a multiple of ten. They are half of the test split. The
    class is the number that the digits form, 0 to 999. The samples of each split consist of digits of the same split of `digits`.

    Args:
        count: The number of training samples.
        seed: The seed of the draw.
        channels: The channels that are asked for.
    """
    require_color(channels, "stacked_words_digits")
    made = digits()
    return stacked_texts(
        "stacked_words_digits",
        {name: digits_of(split) for name, split in made.splits.items()},
        {"train": count, **HELD_OUT},
        seed,
        "digits",
    )
