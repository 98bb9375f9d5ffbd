"""scikit-learn's handwritten digits, which are real, small, and installed on every machine."""

import numpy as np

from landscape.components.datasets._base import DATASETS, Dataset
from landscape.components.datasets._preparing.memory import in_memory
from landscape.components.datasets._preparing.split import stratified

SPLIT_SEED = 1797
PER_CLASS = {"validation": 30, "test": 30}


@DATASETS.register(
    shape=(1, 8, 8),
    resolution=8,
    source="ships with scikit-learn, nothing to fetch",
    paper="Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI (its test set)",
)
def digits() -> Dataset:
    """The 1,797 handwritten digits of scikit-learn, 8x8, gray.

    A level from 0 to 16 becomes round(255 * level / 16), so that the 17 levels stay apart and span the range. The split never changes:
    1,197 digits to train on, 300 for validation and 300 for test, the last two with 30 of each class.
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    images = np.rint(data.images * (255 / 16)).astype(np.uint8)[:, None]
    parts = stratified(data.target, PER_CLASS, SPLIT_SEED)
    return in_memory(
        "digits",
        {name: (images[index], data.target[index]) for name, index in parts.items()},
        classes=10,
        classifier="digits",
        handling={"levels": "0..16 scaled to 0..255 and rounded", "split": f"stratified, seed {SPLIT_SEED}"},
    )
