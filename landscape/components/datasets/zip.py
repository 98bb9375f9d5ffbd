"""Pictures in a zip of the user's."""

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
    """The pictures in a zip, in the order of their names. Sizes and modes are handled as in `folder`.

    Args:
        path: The zip, or a folder that holds `train.zip` and perhaps `validation.zip` and `test.zip`. `zip:/path.zip` is short for it.
        labels: Where labels are looked for. `auto` takes dataset.json (the layout of StyleGAN's tools) if there is one, otherwise
            sub-folders as classes, otherwise none.
        validation: The share of the pictures that is held out at random, unless a zip or a folder in it gives this split.
        test: The same for the split `test`.
        split_seed: The seed with which pictures are held out.
        resample: The filter with which pictures are resized.
        splits: The folder of each split in a single zip, as in `folder`.
        levels: The range of the levels in the files if it is not that of their format, as in `folder`.
        request: What is asked for.

    Raises:
        UserError: The zip cannot be read or holds no pictures, a picture is damaged, or splits, labels or levels are in doubt.
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
