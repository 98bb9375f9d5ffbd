"""MNIST."""

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._readers.download import MNIST, found_or_fetched
from landscape.components.datasets._readers.idx_digits import find_idx, from_idx


@DATASETS.register(
    shape=(1, 28, 28),
    resolution=28,
    source="the four IDX files {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz]"
    " (MD5 of the uncompressed images: train 6bbc9ace898e44ae57da46a324031adb, test 2646ac647ad5339dbf082846283269ea)",
    downloads=True,
    contents=("6088924f15507fb5", "d2fcfec2838235cf"),
    paper="LeCun et al. 1998, Gradient-based learning applied to document recognition",
)
def mnist(*, validation: bool = True, request: Request) -> Dataset:
    """MNIST's handwritten digits, 28x28, gray: 50,000 to train on, 10,000 for validation (train[50000:60000]), 10,000 for test.

    Args:
        validation: Whether the last 10,000 training pictures are held out, as in Goodfellow et al. 2014. False trains on all 60,000.
        request: What is asked for.
    """
    files = found_or_fetched(request, "mnist", MNIST, lambda where: find_idx(where, "mnist", "MNIST"))
    return from_idx(request, "mnist", files, validation=validation, classifier="mnist")
