"""The Toronto Face Database, from the user's own copy."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._readers.arrays import Arrays, read_arrays
from landscape.components.datasets._readers.files import find, missing
from landscape.core.errors import UserError
from landscape.core.registry import NonNegativeInt

NAMES = tuple(
    f"{stem}.{end}" for end in ("mat", "npz") for stem in ("TFD_48x48", "TFD_ranzato_48x48", "tfd", "TFD_96x96", "TFD_ranzato_96x96")
)
SPLIT_NUMBERS = {"train": 0, "validation": 2, "test": 3}
"""The number of each split in `folds`. 1 stands for the labeled training pictures, on which the code of 2014 did not train."""


@DATASETS.register(
    shape=(1, 48, 48),
    resolution=48,
    source="access is restricted (Susskind et al. 2010): put your copy TFD_48x48.mat (or .npz) there, with `images` (N, 48, 48) of bytes,"
    " `folds` (N, 5) of 0 unlabeled, 1 train, 2 validation, 3 test, and `labs_ex` (N,) with expressions 1..7",
    paper="Susskind, Anderson & Hinton 2010, UTML TR 2010-001; split of Goodfellow et al. 2014",
)
def tfd(*, fold: NonNegativeInt = 0, request: Request) -> Dataset:
    """The Toronto Face Database, 48x48, gray. The unlabeled faces are trained on; validation and test are those of the fold.

    This is the division in the code of Goodfellow et al. 2014. Only validation and test have labels (expressions, 0 to 6).

    Args:
        fold: The number of the fold, 0 to 4.
        request: What is asked for.
    """
    if fold > 4:
        raise UserError(f"tfd: fold={fold} does not exist: choose from 0 to 4")
    files = find(request, "tfd", {"file": NAMES})
    if files is None:
        missing(request, "tfd")
    path = files["file"]
    return prepared(request, "tfd", files=[path], settings={"fold": fold}, open_source=lambda: _pictures(path, fold))


def _pictures(path: Path, fold: int) -> Pictures:
    images, folds, expressions = _checked(path, read_arrays(path, ("images", "folds", "labs_ex")))
    splits = {}
    for name, number in SPLIT_NUMBERS.items():
        members = np.flatnonzero(folds[:, fold] == number)
        labels = None if expressions is None or name == "train" else expressions[members]
        splits[name] = SplitSource(images[members], len(members), labels)
    if not splits["train"].count:
        raise UserError(f"{path}: fold {fold} has no unlabeled pictures (0 in `folds`) to train on")
    classes = None if expressions is None else 7
    handling = {"split": f"unlabeled for training; validation and test of fold {fold}"}
    return Pictures(splits, lambda image: (image[None], ()), classes=classes, handling=handling, describe=lambda _: "a picture")


def _checked(path: Path, arrays: Arrays) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64] | None]:
    if "images" not in arrays or "folds" not in arrays:
        raise UserError(f"{path} lacks `images` or `folds`; it holds {', '.join(arrays) or 'nothing of numbers'}")
    images, folds = arrays["images"], arrays["folds"]
    if images.ndim != 3 or images.shape[1] != images.shape[2] or images.dtype != np.uint8:
        raise UserError(f"{path}: `images` must be bytes of shape (N, side, side), not {images.dtype} of {images.shape}")
    if folds.shape != (len(images), 5):
        raise UserError(f"{path}: `folds` must have the shape ({len(images)}, 5), not {folds.shape}")
    if "labs_ex" not in arrays:
        return images, folds.astype(np.int64), None
    expressions = arrays["labs_ex"].reshape(-1).astype(np.int64) - 1
    labeled = (folds > 0).any(axis=1)
    if expressions.shape != (len(images),) or not np.isin(expressions[labeled], range(7)).all():
        raise UserError(f"{path}: `labs_ex` must hold an expression from 1 to 7 for each of the labeled pictures")
    return images, folds.astype(np.int64), expressions
