"""Stacked MNIST, whose 1,000 modes can be counted."""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._base import DATASETS, Dataset, Request, Split
from landscape.components.datasets._preparing.content import content_hash
from landscape.components.datasets._preparing.pictures import Fit, Picture
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._readers.download import MNIST, found_or_fetched
from landscape.components.datasets._readers.idx_digits import find_idx, from_idx
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt, Seed

Draw = Literal["fixed", "on_the_fly"]
HELD_OUT = 26_000
"""The number of samples on which PacGAN is evaluated."""


@DATASETS.register(
    shape=(3, 28, 28),
    resolution=28,
    source="MNIST's four IDX files {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz], where `mnist` is looked for",
    downloads=True,
    paper="Metz et al. 2017, arXiv:1611.02163; VEEGAN, Srivastava et al. 2017; PacGAN, Lin et al. 2018",
)
def stacked_mnist(*, draw: Draw = "fixed", count: PositiveInt = 128_000, seed: Seed = 0, request: Request) -> Dataset:
    """Three MNIST digits, drawn independently, as red, green and blue, 28x28. The class is the number that they form, 0 to 999.

    Validation and test are 26,000 further draws each from the same digits, because a model is asked for the modes and not for new digits.

    Args:
        draw: `fixed` draws `count` triples once, from all 70,000 digits, as in VEEGAN and in PacGAN's code. `on_the_fly` draws new triples
            at every step from the 60,000 training digits, as in Unrolled GAN; fixed triples then serve everything but training.
        count: The number of fixed triples.
        seed: The seed of the fixed draw.
        request: What is asked for.
    """
    if request.channels == 1:
        raise UserError("stacked_mnist: three digits in one channel would cover each other: leave channels at 3")
    where = replace(request, channels=None)
    files = found_or_fetched(where, "mnist", MNIST, lambda r: find_idx(r, "mnist", "MNIST"))
    digits = from_idx(replace(where, resolution=None), "mnist", files, validation=False)
    source = digits.split("all" if draw == "fixed" else "train")
    stacked = prepared(
        request,
        "stacked_mnist",
        files=list(files.values()),
        settings={"draw": draw, "count": count, "seed": seed},
        open_source=lambda: _pictures(source, count, seed),
        fit=Fit(request.resolution, 3),
    )
    if draw == "fixed":
        return stacked
    parts = from_idx(where, "mnist", files, validation=False).split("train").samples
    splits = {**stacked.splits, "train": replace(stacked.split("train"), parts=parts)}
    handling = {**stacked.handling, "training": "triples drawn anew each step from the 60,000 training digits"}
    return replace(stacked, splits=splits, content_hash=content_hash(splits), handling=handling)


def _pictures(digits: Split, count: int, seed: int) -> Pictures:
    assert digits.labels is not None
    images, labels = digits.samples.numpy()[:, 0], digits.labels.numpy()
    random = np.random.RandomState(seed)
    splits = {}
    for name, size in (("train", count), ("validation", HELD_OUT), ("test", HELD_OUT)):
        triples = random.randint(len(images), size=(size, 3))
        splits[name] = SplitSource(triples, size, labels[triples] @ np.array([100, 10, 1]))

    def read(triple: NDArray[np.int64]) -> tuple[Picture, tuple[str, ...]]:
        return images[triple], ()

    handling = {"draw": f"{count:,} triples of {len(images):,} digits, seed {seed}"}
    return Pictures(splits, read, 1000, handling, describe=lambda triple: f"digits {list(triple)}", classifier="stacked:mnist")
