"""Caltech-UCSD Birds-200-2011, with the captions of Reed et al."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from PIL import Image

from landscape.components.datasets._base import DATASETS, SPLITS, Dataset, Request
from landscape.components.datasets._preparing.captions import described, encoded, language_of_captions
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, Fit, center_square, decode, resized
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._readers.cub_files import Bird, Box, Cub, captions_in, located
from landscape.components.datasets._readers.files import read_bytes
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt

Crop = Literal["bounding_box", "center"]
Division = Literal["classes", "trainval", "pictures"]
SIDE = 64
NOTES = {
    "bounding_box": "1.5 times the longer side of the bird's rectangle around its middle, cut at the border and brought to a square",
    "center": "largest central square",
}


@DATASETS.register(
    shape=(3, 64, 64),
    resolution=64,
    has_texts=True,
    source=(
        "fetch CUB_200_2011.tgz (11,788 pictures) from Caltech's page of the data set, and cvpr2016_cub.tar.gz (captions), which the "
        "README of reedscot/cvpr2016 on GitHub links to, and unpack both: CUB_200_2011/ with images.txt, classes.txt, "
        "image_class_labels.txt, train_test_split.txt, bounding_boxes.txt and images/; cvpr2016_cub/ with text_c10/, trainclasses.txt, "
        "valclasses.txt and testclasses.txt"
    ),
    paper="Wah et al. 2011, CNS-TR-2011-001 (pictures); Reed et al. 2016, arXiv:1605.05395 (captions)",
)
def cub(
    *,
    crop: Crop = "bounding_box",
    split: Division = "classes",
    captions: PositiveInt = 10,
    min_count: PositiveInt = 5,
    length: PositiveInt = 20,
    request: Request,
) -> Dataset:
    """Birds of 200 species, color, 64x64 by default, each with ten captions, of which one is drawn at every step.

    No species of the test split is trained on. The words are those that occur at least `min_count` times in captions of the training. Other
    words of captions are left out, and a caption is cut after `length` words. The class is the species, 0 to 199.

    Args:
        crop: `bounding_box` cuts a square of 1.5 times the longer side of the bird's rectangle, as StackGAN's code does, so that birds fill
            three quarters of it. `center` cuts the largest central square. GAN-CLS takes the whole picture.
        split: `classes` has 100, 50 and 50 species in train, validation and test. `trainval` trains on the first 150, as GAN-CLS and
            StackGAN do, and has no validation split. `pictures` is the division of CUB's authors, with every species in both splits.
        captions: The number of captions of each picture. Ten are there.
        min_count: The number of times that a word must occur in captions of the training.
        length: The number of words of the longest text.
        request: What is asked for.

    Raises:
        UserError: Files are missing or damaged, a picture has no or too few captions, or a split has no pictures.
    """
    found = located(request)
    side, channels = request.resolution or SIDE, request.channels or 3
    return prepared(
        request,
        "cub",
        files=[*found.lists, *(file for bird in found.birds for file in (bird.file, bird.captions))],
        settings={"crop": crop, "split": split, "captions": captions, "min_count": min_count, "length": length},
        open_source=lambda: _pictures(found, crop, split, captions, min_count, length, side),
        fit=Fit(side, channels),
    )


def cut(image: Image.Image, box: Box) -> Image.Image:
    """Return what StackGAN's code cuts: 1.5 times the longer side of a rectangle around its middle, less what lies beyond the border."""
    left, top, width, height = map(int, box)
    x, y, radius = (2 * left + width) // 2, (2 * top + height) // 2, int(max(width, height) * 0.75)
    return image.crop((max(0, x - radius), max(0, y - radius), min(image.width, x + radius), min(image.height, y + radius)))


def _pictures(cub: Cub, crop: Crop, division: Division, count: int, minimum: int, length: int, side: int) -> Pictures:
    parts: dict[str, list[Bird]] = {name: [] for name in SPLITS}
    left_out = 0
    for bird in cub.birds:
        home = _home(cub, bird, division)
        left_out += not home
        if home:
            parts[home].append(bird)
    if empty := next((name for name in ("train", "test") if not parts[name]), ""):
        raise UserError(f"data set 'cub': no picture is in the split {empty!r}: unpack both archives again, or choose another cub:split=")
    texts = {name: [captions_in(bird.captions, count) for bird in birds] for name, birds in parts.items()}
    language = language_of_captions(texts["train"], minimum, length)
    if not language.words:
        raise UserError(f"data set 'cub': no word occurs {minimum} times in the captions of the training: give a lower cub:min_count=")
    splits = {
        name: SplitSource(
            birds, len(birds), np.array([bird.label for bird in birds], dtype=np.int64), tokens=encoded(texts[name], language)
        )
        for name, birds in parts.items()
        if birds
    }

    def read(bird: Bird) -> tuple[Image.Image, tuple[str, ...]]:
        image, notes = decode(read_bytes(bird.file, MAX_PICTURE_BYTES), str(bird.file))
        if crop == "bounding_box" and not _lies_in(image, bird.box):
            raise UserError(
                f"{bird.file}: its rectangle {bird.box} in bounding_boxes.txt is not in its {image.width}x{image.height} pixels"
            )
        square = cut(image, bird.box) if crop == "bounding_box" else center_square(image)
        return resized(square, side, "bicubic"), notes

    handling = {"crop": NOTES[crop], "split": _described(parts, division), "captions": described(_all(texts), language)}
    handling |= {"left out": f"{left_out} pictures of classes that are in no list"} if left_out else {}
    return Pictures(splits, read, cub.classes, handling, describe=lambda bird: str(bird.file), language=language)


def _lies_in(image: Image.Image, box: Box) -> bool:
    left, top, width, height = box
    return max(width, height) >= 2 and 0 <= left + width / 2 <= image.width and 0 <= top + height / 2 <= image.height


def _all(texts: dict[str, list[list[str]]]) -> list[list[str]]:
    return [of_one for split in texts.values() for of_one in split]


def _home(cub: Cub, bird: Bird, division: Division) -> str:
    """Return the split of a picture; "" if its class is in no list."""
    if division == "pictures":
        return "train" if bird.is_training else "test"
    split = cub.split_of_class.get(bird.label, "")
    return "train" if division == "trainval" and split == "validation" else split


def _described(parts: dict[str, list[Bird]], division: Division) -> str:
    how = "pictures, train_test_split.txt" if division == "pictures" else "classes, the lists beside the captions"

    def told(birds: Sequence[Bird], name: str) -> str:
        return f"{len(birds):,} {name} ({len({bird.label for bird in birds})} classes)"

    return f"by {how}: {', '.join(told(birds, name) for name, birds in parts.items() if birds)}"
