"""CelebA, aligned."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from PIL import Image

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.crops import bilinear_tf1, center_crop, crop_or_pad
from landscape.components.datasets._preparing.pictures import Fit, decode, resized
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._readers.celeba_files import CelebA, located

Crop = Literal["compare_gan", "mimicry"]
SIDE = 64
CROPS: dict[str, Callable[[Image.Image, int], Image.Image]] = {
    "compare_gan": lambda image, side: bilinear_tf1(crop_or_pad(image, 160), side),
    "mimicry": lambda image, side: resized(center_crop(image, 178), side, "bilinear"),
}
NOTES = {
    "compare_gan": {"crop": "central 160x160", "resize": "to {0}x{0}, bilinear as in TensorFlow 1 (not antialiased), rounded to levels"},
    "mimicry": {"crop": "central 178x178", "resize": "to {0}x{0}, Pillow bilinear, antialiased"},
}


@DATASETS.register(
    shape=(3, 64, 64),
    resolution=64,
    source="img_align_celeba/ (202,599 JPEG) or img_align_celeba.zip (MD5 00d2c5bc6d35e252742224ab0c1e8fcb),"
    " and list_eval_partition.txt (MD5 d32c9cbf5e040fd4025c592c306e6668) beside it",
    downloads=True,
    paper="Liu et al. 2015, Deep Learning Face Attributes in the Wild",
)
def celeba(*, crop: Crop = "compare_gan", attribute: str = "", request: Request) -> Dataset:
    """CelebA's aligned faces (178x218), color, 64x64 by default, in the published partition: 162,770 / 19,867 / 19,962.

    Args:
        crop: `compare_gan` cuts the central 160x160 pixels and interpolates as TensorFlow 1 did (Lucic et al. 2018); `mimicry` cuts the
            central 178x178 pixels and resizes them with Pillow's bilinear filter.
        attribute: One of the 40 attributes (`Male`, `Smiling`, ...) in list_attr_celeba.txt, which gives the labels 0 and 1. Without it
            there are no labels.
        request: What is asked for.
    """
    files = located(request, labeled=bool(attribute))
    side = request.resolution or SIDE

    def open_source() -> Pictures:
        return _pictures(files.opened(attribute), crop, side)

    return prepared(
        request,
        "celeba",
        files=files.files(),
        settings={"crop": crop, "attribute": attribute},
        open_source=open_source,
        fit=Fit(side, request.channels or 3),
    )


def _pictures(source: CelebA, crop: Crop, side: int) -> Pictures:
    def read(name: str) -> tuple[Image.Image, tuple[str, ...]]:
        image, notes = decode(source.read(name), source.describe(name))
        return CROPS[crop](image.convert("RGB"), side), notes

    splits = {}
    for split, names in source.partition.items():
        labels = None if source.labels is None else np.array([source.labels[n] for n in names], dtype=np.int64)
        splits[split] = SplitSource(names, len(names), labels)
    handling = {"split": "list_eval_partition", **{k: v.format(side) for k, v in NOTES[crop].items()}}
    return Pictures(splits, read, classes=None if source.labels is None else 2, handling=handling, describe=source.describe)
