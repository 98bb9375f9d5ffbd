"""CelebA-HQ at 128x128."""

from pathlib import Path

from PIL import Image

from landscape.components.datasets._base import DATASETS, Dataset, Request
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES, Fit, decode
from landscape.components.datasets._preparing.prepare import Pictures, SplitSource, prepared
from landscape.components.datasets._readers.files import missing, picture_files, read_bytes
from landscape.core.errors import UserError

SIDE = 128


@DATASETS.register(
    shape=(3, 128, 128),
    resolution=128,
    labeled=False,
    source="the 30,000 pictures of CelebA-HQ (of any side, 1024 or 128, PNG or JPEG) in a folder celeba-hq-128/;"
    " CelebA-HQ-img/ of CelebAMask-HQ.zip (https://github.com/switchablenorms/CelebAMask-HQ) holds them as JPEG",
    paper="Karras et al. 2018, arXiv:1710.10196; split of Kurach et al. 2019 (27,000 / 3,000)",
)
def celeba_hq_128(*, validation: bool = True, request: Request) -> Dataset:
    """CelebA-HQ's faces, color, reduced to 128x128 with a box filter (from 1024: the mean of 8x8 pixels).

    The last 10% in the natural order of their names are the test split, 3,000 of 30,000. The paper took the last 10 of 100 shards.

    Args:
        validation: Whether another 10% before the test split are held out, which gives 24,000 / 3,000 / 3,000. False trains on all 27,000,
            as published.
        request: What is asked for.
    """
    files = picture_files(request, "celeba_hq_128", ("celeba-hq", "CelebA-HQ", "CelebA-HQ-img", "CelebAMask-HQ/CelebA-HQ-img"))
    if not files:
        missing(request, "celeba_hq_128")
    return prepared(
        request,
        "celeba_hq_128",
        files=files,
        settings={"validation": validation},
        open_source=lambda: _split(files, validation),
        fit=Fit(request.resolution or SIDE, request.channels or 3, "box"),
    )


def _split(files: list[Path], validation: bool) -> Pictures:
    test = len(files) // 10
    held_out = test if validation else 0
    train = len(files) - test - held_out
    if not test:
        raise UserError(f"CelebA-HQ: {len(files)} pictures in {files[0].parent} are too few to split: fetch all 30,000")
    bounds = {"train": (0, train), "validation": (train, train + held_out), "test": (train + held_out, len(files))}
    splits = {name: SplitSource(files[low:high], high - low) for name, (low, high) in bounds.items() if high > low}
    counts = " / ".join(f"{source.count:,} {name}" for name, source in splits.items())

    def read(file: Path) -> tuple[Image.Image, tuple[str, ...]]:
        return decode(read_bytes(file, MAX_PICTURE_BYTES), str(file))

    return Pictures(splits, read, handling={"split": f"in the order of their names: {counts}"})
