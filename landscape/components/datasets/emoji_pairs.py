"""Emoji as two vendors draw them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.cache import INPUTS
from landscape.components.datasets._preparing.depths import Depths
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, Fit, decode
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._readers.files import IncompleteError, find, missing, read_bytes
from landscape.core.errors import UserError
from landscape.core.registry import Fraction, Seed

VERSION = "16.0.0"
VENDORS = ("google", "twitter")
"""The vendor of the inputs, and that of the targets."""


@DATASETS.register(
    shape=(3, 64, 64),
    resolution=32,
    labeled=False,
    source=(
        f"fetch the npm packages emoji-datasource-google {VERSION} and emoji-datasource-twitter {VERSION} and unpack them as "
        "emoji-datasource-google/ and emoji-datasource-twitter/ (npm install in a folder does so under node_modules/)"
    ),
    paper="Noto Emoji (Google, Apache-2.0) and Twemoji (Twitter, CC-BY-4.0), as iamcal/emoji-data packages them",
)
def emoji_pairs(*, validation: Fraction = 0.1, test: Fraction = 0.1, split_seed: Seed = 0, request: Request) -> Dataset:
    """Pairs of emoji of one name: Google's as the input and Twitter's as the target, 64x64, color, laid on white.

    The 1,911 names of the packages that both vendors draw are used, none of them with a color of skin, so that no two splits show one
    emoji in two skins.

    Args:
        validation: The share of the names that is held out at random.
        test: The same for the split `test`.
        split_seed: The seed with which names are held out.
        request: What is asked for.

    Raises:
        UserError: A package is missing or damaged, or holds no pair.
    """
    homes = _homes(request)
    names = _names(homes)
    files = {vendor: {name: homes[vendor] / "img" / vendor / "64" / image for name, image in names.items()} for vendor in VENDORS}
    shares = {"validation": validation, "test": test}
    return prepared(
        request,
        "emoji_pairs",
        files=[*(homes[vendor] / "emoji.json" for vendor in VENDORS), *(file for vendor in VENDORS for file in files[vendor].values())],
        settings={"shares": shares, "seed": split_seed},
        open_source=lambda: _opened(files, shares, split_seed),
        fit=Fit(request.resolution, request.channels),
    )


def _homes(request: Request) -> dict[str, Path]:
    """Return the folder of each package, which may be unpacked under its own name, or under `package` as its archive has it.

    Raises:
        UserError: One is missing.
    """
    required = {
        vendor: tuple(f"{name}{end}" for name in (f"emoji-datasource-{vendor}", vendor) for end in ("/package", "")) for vendor in VENDORS
    }
    try:
        homes = find(request, "emoji_pairs", required, ("", "node_modules"))
    except IncompleteError as error:
        missing(request, "emoji_pairs", f"{error.folder} holds one of the two packages")
    if homes is None:
        missing(request, "emoji_pairs")
    return homes


def _names(homes: dict[str, Path]) -> dict[str, str]:
    """Return the file of each emoji that both vendors draw, by its name."""

    def drawn(vendor: str) -> dict[str, str]:
        table = homes[vendor] / "emoji.json"
        try:
            entries: list[dict[str, Any]] = json.loads(read_bytes(table, MAX_PICTURE_BYTES))
            return {str(e["short_name"]): str(e["image"]) for e in entries if e[f"has_img_{vendor}"] and "/" not in str(e["image"])}
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{table} is no table of emoji ({error}): unpack emoji-datasource-{vendor} {VERSION} again") from None

    first, second = map(drawn, VENDORS)
    found = {name: image for name, image in sorted(first.items()) if second.get(name) == image}
    if not found:
        raise UserError(f"{homes[VENDORS[0]]} and {homes[VENDORS[1]]} have no emoji in common: unpack both in version {VERSION}")
    return found


def _opened(files: dict[str, dict[str, Path]], shares: dict[str, float], seed: int) -> Pictures:
    """Return the pairs by split: the targets, and under another name their inputs in the same order."""
    names = list(files[VENDORS[0]])
    order = [names[i] for i in np.random.RandomState(seed).permutation(len(names))]
    ends = np.cumsum([round(share * len(order)) for share in shares.values()]).tolist()
    parts = {"train": order[ends[-1] :], "validation": order[: ends[0]], "test": order[ends[0] : ends[1]]}
    depths = {vendor: Depths("auto") for vendor in VENDORS}
    splits = {}
    for split, chosen in parts.items():
        for vendor, end in zip(VENDORS, (INPUTS, ""), strict=True):
            splits[f"{split}{end}"] = SplitSource([(vendor, name) for name in chosen], len(chosen))

    def read(item: tuple[str, str]) -> tuple[Image.Image, tuple[str, ...]]:
        vendor, name = item
        file = files[vendor][name]
        picture, notes = decode(read_bytes(file, MAX_PICTURE_BYTES), str(file), depths[vendor])
        return picture.convert("RGB"), notes

    handling = {"split": f"by names, seed {seed}: {', '.join(f'{len(chosen)} {split}' for split, chosen in parts.items())}"}
    return Pictures(splits, read, handling=handling, describe=lambda item: f"{item[1]} of {item[0]}")
