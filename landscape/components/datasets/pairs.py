"""Pairs of pictures in a folder of the user's."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from PIL import Image

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.cache import INPUTS
from landscape.components.datasets._preparing.collection import Collection, CollectionOptions, arranged, is_picture, names_digest, not_read
from landscape.components.datasets._preparing.depths import Depths
from landscape.components.datasets._preparing.layout import GivenSplits, laid_out
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, Filter, Fit, decode
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._readers.files import read_bytes, walk
from landscape.core.errors import UserError
from landscape.core.registry import Fraction, Seed


@DATASETS.register(
    resolution=64,
    labeled=False,
    source="pairs:/path with pictures that show input and target side by side, or with a folder of inputs and one of targets",
    paper="the layouts of phillipi/pix2pix and junyanz/pytorch-CycleGAN-and-pix2pix",
)
def pairs(
    *,
    path: str = "",
    inputs: str = "",
    targets: str = "",
    input_side: Literal["left", "right"] = "left",
    validation: Fraction = 0.1,
    test: Fraction = 0.1,
    split_seed: Seed = 0,
    resample: Filter = "bicubic",
    splits: GivenSplits = "auto",
    request: Request,
) -> Dataset:
    """Pairs of an input and a target: pictures twice as wide as high that show both, or pictures of one name in two folders.

    The target is the sample, and the input is the picture that belongs to it. The largest central square of each is resized to the
    resolution. Both are gray or in color, as `channels` says, or as the first target is.

    Args:
        path: The folder. `pairs:/path` is short for it.
        inputs, targets: The names of the two folders in `path`, if input and target are files of their own. They hold the same names,
            whatever the endings are, and the same sub-folders.
        input_side: The half of a picture that shows the input, if both are in one file.
        validation: The share of the pairs that is held out at random, unless a sub-folder gives this split.
        test: The same for the split `test`.
        split_seed: The seed with which pairs are held out.
        resample: The filter with which pictures are resized.
        splits: The folder of each split, as in the data set `folder`; with two folders, inside of both.
        request: What is asked for.

    Raises:
        UserError: The folder cannot be read or holds no pairs, a picture has no other half or is damaged, the shapes of an input and its
            target differ, or splits are in doubt.
    """
    if not path:
        raise UserError("data set 'pairs' needs a path: write pairs:/path/to/pictures")
    if bool(inputs) != bool(targets):
        raise UserError(f"data set 'pairs': inputs={inputs!r} and targets={targets!r} name two folders in {path}: give both, or none")
    root = Path(path).expanduser()
    walked = walk(root)
    files = {file.relative_to(root).as_posix(): file for file in walked.files}
    partners = _partners(files, inputs.strip("/"), targets.strip("/"), str(root)) if inputs else None
    names = list(partners) if partners is not None else [name for name in files if is_picture(name)]
    layout = laid_out(names, splits, str(root), "pairs", files.__contains__)
    skipped = not_read(files, len(walked.dead_links))
    collection = Collection(str(root), layout.names, layout.homes, lambda split: None, skipped, layout.left_out)
    options = CollectionOptions("none", {"validation": validation, "test": test}, split_seed, splits, "auto")
    return prepared(
        request,
        "pairs",
        files=[file for name, file in files.items() if is_picture(name)],
        settings={"names": names_digest(collection), "inputs": inputs, "targets": targets, "input side": input_side, **options.plain()},
        open_source=lambda: _opened(collection, options, files, partners, input_side),
        fit=Fit(request.resolution, request.channels, resample),
    )


def _opened(
    collection: Collection, options: CollectionOptions, files: Mapping[str, Path], partners: Mapping[str, str] | None, input_side: str
) -> Pictures:
    """Make the pairs ready to be prepared: every split has its targets, and under another name their inputs in the same order.

    Args:
        collection: The targets, or the pictures that show both.
        options: How they are divided.
        files: All files by name.
        partners: The name of each target's input, or None if one picture shows both.
        input_side: The half that shows the input.
    """
    depths = Depths("auto")

    def read(half: str, name: str) -> tuple[Image.Image, tuple[str, ...]]:
        file = files[partners[name] if half == "input" and partners is not None else name]
        picture, notes = decode(read_bytes(file, MAX_PICTURE_BYTES), str(file), depths)
        if half == "input" and partners is not None:
            target = files[name]
            beside, _ = decode(read_bytes(target, MAX_PICTURE_BYTES), str(target), Depths("auto"))
            _require_one_shape(picture, beside, str(file), str(target))
        return (picture if partners is not None else _half(picture, (half == "input") == (input_side == "left"), str(file))), notes

    one = arranged(collection, options, lambda split, name: read("target", name), lambda item: item[1], depths.require_used)
    return replace(one, splits=_both(one.splits), read=lambda item: read(item[0], item[2]), describe=lambda item: item[2])


def _both(splits: Mapping[str, SplitSource]) -> dict[str, SplitSource]:
    """Return every split twice: its targets, and under another name their inputs in the same order."""
    found: dict[str, SplitSource] = {}
    for name, source in splits.items():
        items: list[Any] = list(source.items)
        found[name] = SplitSource([("target", *item) for item in items], len(items))
        found[f"{name}{INPUTS}"] = SplitSource([("input", *item) for item in items], len(items))
    return found


def _partners(files: Mapping[str, Path], inputs: str, targets: str, place: str) -> dict[str, str]:
    """Return the input of each target, both by their names below the root.

    Raises:
        UserError: One of the two folders holds no pictures, or a picture of one has none of its name in the other.
    """

    def inside(folder: str) -> dict[str, str]:
        held = [name for name in files if name.startswith(f"{folder}/") and is_picture(name)]
        if not held:
            raise UserError(f"{place} holds no pictures in {folder!r}: name the folders of inputs and of targets")
        return {PurePosixPath(name[len(folder) + 1 :]).with_suffix("").as_posix(): name for name in held}

    given, wanted = inside(inputs), inside(targets)
    for one, other, folder in ((wanted, given, inputs), (given, wanted, targets)):
        if alone := next((name for stem, name in one.items() if stem not in other), ""):
            raise UserError(f"{place}: {alone} has no picture of its name in {folder!r}: add it, or leave both out")
    return {name: given[stem] for stem, name in wanted.items()}


def _require_one_shape(given: Image.Image, target: Image.Image, name: str, of_target: str) -> None:
    """Refuse an input whose sides stand in another ratio than those of its target, because their central squares show different parts.

    An input of the same shape may be smaller or larger than its target.
    """
    if given.width * target.height != given.height * target.width:
        sizes = f"{given.width}x{given.height} pixels, and its target {of_target} has {target.width}x{target.height}"
        raise UserError(f"{name} has {sizes}: give both the same ratio of the sides, so that they show the same part")


def _half(picture: Image.Image, left: bool, name: str) -> Image.Image:
    width, height = picture.size
    if width != 2 * height:
        raise UserError(f"{name} has {width}x{height} pixels, not two squares side by side: name two folders by inputs and targets")
    return picture.crop((0, 0, height, height) if left else (height, 0, width, height))
