"""Super-resolution."""

from typing import Any, Literal

from torch import Tensor

from landscape.components.tasks._base import TASKS, Batch, Rows
from landscape.components.tasks._images import as_levels, require_images, resized
from landscape.core.errors import UserError

Factor = Literal[2, 3, 4, 8]


def reduced(samples: Tensor, *, factor: int, antialias: bool, **_: Any) -> Tensor:
    """Return images [N, C, H, W] at 1 / `factor` of their side by bicubic resizing, cut to [0, 1] and not rounded."""
    height, width = samples.shape[2:]
    return resized(samples, (height // factor, width // factor), antialias=antialias).clamp(0, 1)


def bicubic(condition: Tensor, shape: tuple[int, ...], **_: Any) -> Tensor:
    """Return small images [N, C, h, w] enlarged to `shape` (C, H, W) by bicubic resizing, rounded to levels."""
    return as_levels(resized(condition, (shape[1], shape[2])))


@TASKS.register(
    condition="image",
    has_target=True,
    d_sees="pair",
    baseline=bicubic,
    measured=reduced,
    border="factor",
    given="given",
    protocols=("quick-super-resolution", "quick-super-resolution-photos"),
    paper="Ledig et al. 2017, arXiv:1609.04802",
)
def super_resolution(rows: Rows, *, factor: Factor = 4, antialias: bool = True, given: bool = False) -> Batch:
    """Large images from small ones: G receives the image at 1 / `factor` of its side, and D judges a large image beside the small one.

    The small image is made by bicubic resizing and is rounded to 8 bits, as a file would hold it. In the paper D sees the large image
    alone. Here it sees the small one too, because it could otherwise not tell an image of something else.

    Args:
        rows: The large images.
        factor: How many times the side of the large image is that of the small one.
        antialias: Whether the filter widens with the factor (Pillow, MATLAB) or reads four pixels a line (OpenCV). The two are different
            tasks, whose scores do not compare.
        given: Whether the small image is the picture that belongs to the sample, as DIV2K has them, in the place of one made here.
            `antialias` then decides the score `consistency` alone.

    Raises:
        UserError: The samples are no images, `factor` does not divide their side, or a given picture has another size.
    """
    require_images(rows.samples, "super_resolution")
    side = rows.samples.shape[-1]
    if side % factor:
        raise UserError(f"task 'super_resolution': factor={factor} does not divide the images' side of {side} pixels: choose one that does")
    if given and rows.inputs is not None:
        small, wanted = rows.inputs.shape[-1], side // factor
        if small != wanted:
            sizes = f"the given pictures have {small}x{small} pixels, 1/{factor} of {side}x{side} is {wanted}x{wanted}"
            raise UserError(f"task 'super_resolution': {sizes}: choose factor={side // small}, or leave given out")
        return Batch(rows.samples, rows.inputs)
    return Batch(rows.samples, as_levels(reduced(rows.samples, factor=factor, antialias=antialias)))
