"""Anybody's pictures in a zip."""

from pathlib import Path

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.collection import CollectionOptions
from landscape.components.datasets._preparing.depths import DeclaredLevels
from landscape.components.datasets._preparing.labels import Labelling
from landscape.components.datasets._preparing.layout import GivenSplits
from landscape.components.datasets._preparing.pictures import Filter
from landscape.components.datasets._preparing.zip_pictures import from_zips, split_zips
from landscape.core.errors import UserError
from landscape.core.registry import Fraction, Seed


@DATASETS.register(
    resolution=64,
    source="zip:/path.zip with pictures, plain or as StyleGAN's dataset_tool writes them; or a folder with train.zip and test.zip",
)
def zip(
    *,
    path: str = "",
    labels: Labelling = "auto",
    validation: Fraction = 0.1,
    test: Fraction = 0.1,
    split_seed: Seed = 0,
    resample: Filter = "bicubic",
    splits: GivenSplits = "auto",
    levels: DeclaredLevels = "auto",
    request: Request,
) -> Dataset:
    """The pictures in the zip at `path`, in the order of their names; sizes and modes are handled as by `folder`.

    Args:
        path: of the zip, or of a folder that holds `train.zip` and maybe `validation.zip`, `test.zip`; `zip:/path.zip` for short.
        labels: `auto` takes dataset.json (StyleGAN's layout), else sub-folders as classes, else none.
        validation: fraction held out of train at random, unless the zips or folders in them give this split.
        test: as `validation`.
        split_seed: of that draw.
        resample: filter of the resize.
        splits: the folder of each split in a single zip, as for `folder`.
        levels: the range of the levels in the files, where it is not that of their format: `12bit` for 12-bit data in 16-bit files, `1bit`
            for masks of 0 and 1. Every picture is scaled alike.
        request: what is asked for.
    """
    if not path:
        raise UserError("data set 'zip' needs a path: write zip:/path/to/pictures.zip")
    place = Path(path).expanduser()
    paths = split_zips(place) if place.is_dir() else {"train": place}
    if "train" not in paths:
        raise UserError(f"{place} is a folder without train.zip: give the path of a zip, or put train.zip (and test.zip) there")
    return from_zips(
        request, "zip", paths, CollectionOptions(labels, {"validation": validation, "test": test}, split_seed, splits, levels), resample
    )
