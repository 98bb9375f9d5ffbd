"""Pictures of two kinds in folders of the user's, without pairs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.cache import OTHER
from landscape.components.datasets._preparing.collection import Collection, CollectionOptions, arranged, is_picture, names_digest, not_read
from landscape.components.datasets._preparing.depths import Depths
from landscape.components.datasets._preparing.layout import GivenSplits, laid_out
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, Filter, Fit, decode
from landscape.components.datasets._preparing.prepare import Pictures, prepared
from landscape.components.datasets._readers.files import Walked, read_bytes, walk
from landscape.core.errors import UserError
from landscape.core.registry import Fraction, Seed

WORDS = {"train": "train", "validation": "val", "test": "test"}
"""The names of the splits in CycleGAN's layout: trainA, valA, testA."""


@DATASETS.register(
    resolution=64,
    labeled=False,
    has_other=True,
    source="unpaired:/path with the folders trainA, trainB, testA and testB, or with two folders that `a` and `b` name",
    paper="the layout of junyanz/CycleGAN",
)
def unpaired(
    *,
    path: str = "",
    a: str = "",
    b: str = "",
    validation: Fraction = 0.1,
    test: Fraction = 0.1,
    split_seed: Seed = 0,
    resample: Filter = "bicubic",
    request: Request,
) -> Dataset:
    """Two sets of pictures A and B, such as horses and zebras, of which no picture of one belongs to one of the other.

    The samples are the pictures of B, and those of A are `Dataset.other`. The largest central square of each is resized to the
    resolution. All are gray or in color, as `channels` says, or as the first picture of B is.

    Args:
        path: The folder. `unpaired:/path` is short for it. By default it holds `trainA` and `trainB`, and it may hold `testA` and
            `testB`, and `valA` and `valB`.
        a, b: The names of the two folders in `path`, if they are not laid out like this. Each may have sub-folders train, validation and
            test.
        validation: The share of the pictures of each set that is held out at random, unless a folder gives this split.
        test: The same for the split `test`.
        split_seed: The seed with which pictures are held out.
        resample: The filter with which pictures are resized.
        request: What is asked for.

    Raises:
        UserError: The folder cannot be read, one of the two sets has no pictures, a picture is damaged, or splits are in doubt.
    """
    if not path:
        raise UserError("data set 'unpaired' needs a path: write unpaired:/path/to/the/folder/with/trainA/and/trainB")
    if bool(a) != bool(b):
        raise UserError(f"data set 'unpaired': a={a!r} and b={b!r} name two folders in {path}: give both, or none")
    root = Path(path).expanduser()
    walked = walk(root)
    files = {file.relative_to(root).as_posix(): file for file in walked.files}
    options = CollectionOptions("none", {"validation": validation, "test": test}, split_seed)
    both = Both(_set_of(root, files, walked, "A", a.strip("/")), _set_of(root, files, walked, "B", b.strip("/")), options)
    return prepared(
        request,
        "unpaired",
        files=[files[name] for each in (both.a, both.b) for names in each.names.values() for name in names],
        settings={"names": [names_digest(both.a), names_digest(both.b)], **options.plain()},
        open_source=lambda: both.opened(files),
        fit=Fit(request.resolution, request.channels, resample),
    )


def _set_of(root: Path, files: Mapping[str, Path], walked: Walked, side: str, named: str) -> Collection:
    """Return the pictures of one of the two sets.

    Args:
        root: The folder.
        files: All files by name.
        walked: What lies in the folder.
        side: A or B, for the folders of CycleGAN's layout.
        named: The folder that the user names for this set, or "" for CycleGAN's layout.

    Raises:
        UserError: There are no pictures of this set.
    """
    folders = {split: f"{word}{side}" for split, word in WORDS.items()}
    homes = (named,) if named else tuple(folders.values())
    names = [name for name in files if is_picture(name) and name.startswith(tuple(f"{home}/" for home in homes))]
    held = {split: folder for split, folder in folders.items() if any(name.startswith(f"{folder}/") for name in names)}
    if not names or not (named or "train" in held):
        wanted = f"in {named!r}: name the folders of both sets by a and b" if named else f"in {folders['train']!r}: add it, or name a and b"
        raise UserError(f"{root} holds no pictures {wanted}")
    splits: GivenSplits = "auto" if named else held
    layout = laid_out(names, splits, str(root / named), "unpaired", files.__contains__)
    skipped = not_read([name for name in files if name.startswith(tuple(f"{home}/" for home in homes))], len(walked.dead_links))
    return Collection(str(root / named), layout.names, layout.homes, lambda split: None, skipped, layout.left_out)


@dataclass(frozen=True)
class Both:
    """The two sets of pictures, and how each is divided into splits."""

    a: Collection
    b: Collection
    options: CollectionOptions

    def opened(self, files: Mapping[str, Path]) -> Pictures:
        """Make both sets ready to be prepared: the splits of B, and under another name those of A."""
        depths = Depths("auto")

        def read(split: str, name: str) -> tuple[Image.Image, tuple[str, ...]]:
            return decode(read_bytes(files[name], MAX_PICTURE_BYTES), str(files[name]), depths)

        a, b = (arranged(each, self.options, read, lambda item: item[1], depths.require_used) for each in (self.a, self.b))
        told = {f"{key} of the other set": value for key, value in a.handling.items() if b.handling.get(key) != value}
        return replace(
            b, splits={**b.splits, **{f"{split}{OTHER}": held for split, held in a.splits.items()}}, handling={**b.handling, **told}
        )
