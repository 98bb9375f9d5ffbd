"""Fashion-MNIST."""

from pathlib import Path

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._readers.download import FASHION_MNIST, found_or_fetched
from landscape.components.datasets._readers.idx_digits import find_idx, from_idx


@DATASETS.register(
    shape=(1, 28, 28),
    resolution=28,
    source="the four IDX files {train,t10k}-{images-idx3,labels-idx1}-ubyte.gz of Fashion-MNIST"
    " (MD5 of the gzipped images: train 8d4fb7e6c68d591d4c3dfef9ec88bf0d, test bef4ecab320f06d8554ea6380940ec79)",
    downloads=True,
    paper="Xiao et al. 2017, arXiv:1708.07747",
)
def fashion_mnist(*, validation: bool = True, request: Request) -> Dataset:
    """Fashion-MNIST's articles of clothing, 28x28, gray: 50,000 to train on, 10,000 for validation (train[50000:60000]), 10,000 for test.

    Its four files have the same names as MNIST's. If both are kept in one folder, each needs its own sub-folder (`fashion-mnist/`).

    Args:
        validation: Whether the last 10,000 training pictures are held out. False trains on all 60,000.
        request: What is asked for.
    """

    def found(where: Request) -> dict[str, Path] | None:
        return find_idx(where, "fashion_mnist", "FashionMNIST")

    files = found_or_fetched(request, "fashion_mnist", FASHION_MNIST, found)
    return from_idx(request, "fashion_mnist", files, validation=validation)
