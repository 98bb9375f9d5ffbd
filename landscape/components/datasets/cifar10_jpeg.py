"""CIFAR-10 as JPEG: not CIFAR-10."""

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.collection import CollectionOptions
from landscape.components.datasets._preparing.zip_pictures import from_zips
from landscape.components.datasets._readers.files import find, missing


@DATASETS.register(
    shape=(3, 32, 32),
    resolution=32,
    source="train.zip and test.zip with CIFAR-10's pictures as JPEG and dataset.json (StyleGAN's layout) in a folder cifar10-jpeg/",
)
def cifar10_jpeg(*, validation: bool = True, request: Request) -> Dataset:
    """CIFAR-10 compressed to JPEG, 32x32, color. JPEG loses detail, so that scores on these pictures are no CIFAR-10 scores.

    Args:
        validation: Whether a tenth of the training pictures is held out at random, with seed 0. False trains on all of them.
        request: What is asked for.
    """
    files = find(request, "cifar10_jpeg", {"train": ("train.zip",), "test": ("test.zip",)})
    if files is None:
        missing(request, "cifar10_jpeg")
    fractions = {"validation": 0.1 if validation else 0.0}
    return from_zips(request, "cifar10_jpeg", files, CollectionOptions(labels="auto", fractions=fractions), "bicubic")
