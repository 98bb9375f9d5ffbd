"""Differentiable augmentation (DiffAugment)."""

from typing import Annotated, Literal

import torch
from annotated_types import Len
from torch import Tensor

from landscape.components.regularizers._augmentation import clamped, inside, per_sample_integer, per_sample_uniform, shifted
from landscape.components.regularizers._base import REGULARIZERS
from landscape.core.registry import Fraction


def recolored(images: Tensor, span: float) -> Tensor:
    """Change brightness by up to a quarter of the range, then scale saturation by [0, 2), then contrast by [1/2, 3/2)."""
    images = images + per_sample_uniform(images, -span / 4, span / 4)
    gray = images.mean(1, keepdim=True)
    images = gray + (images - gray) * per_sample_uniform(images, 0, 2)
    level = images.mean((1, 2, 3), keepdim=True)
    return level + (images - level) * per_sample_uniform(images, 0.5, 1.5)


def translated(images: Tensor, share: float, fill: float) -> Tensor:
    """Move images by up to `share` of the side along each axis. Pixels that come in from outside are `fill`."""
    height, width = images.shape[2:]
    rows, columns = (per_sample_integer(images, -int(side * share + 0.5), int(side * share + 0.5)) for side in (height, width))
    known = inside(rows, height)[:, None, :, None] & inside(columns, width)[:, None, None, :]
    return torch.where(known, shifted(images, rows, columns, clamped), torch.full_like(images, fill))


def cut_out(images: Tensor, share: float, fill: float) -> Tensor:
    """Set a rectangle to `fill`. Its sides are `share` of the image's, and its center lies anywhere in the image."""
    covered = []
    for side in images.shape[2:]:
        size = int(side * share + 0.5)
        start = per_sample_integer(images, 0, side - size % 2) - size // 2
        offset = torch.arange(side, device=images.device) - start  # [N, side]
        covered.append((offset >= 0) & (offset < size))
    hidden = covered[0][:, None, :, None] & covered[1][:, None, None, :]
    return torch.where(hidden, torch.full_like(images, fill), images)


@REGULARIZERS.register(
    site="on_inputs",
    needs_images=True,
    augments=True,
    moves_pixels=lambda hyperparameters: tuple(hyperparameters["policy"]) != ("color",),
    paper="Zhao et al. 2020, arXiv:2006.10738",
)
def differentiable_augmentation(
    samples: Tensor,
    *,
    bounds: tuple[float, float] | None,
    policy: Annotated[tuple[Literal["color", "translation", "cutout"], ...], Len(1)] = ("color", "translation", "cutout"),
    shift: Fraction = 0.125,
    hole: Fraction = 0.5,
) -> Tensor:
    """DiffAugment: random changes of every image that D sees, real or generated. Gradients pass through to the generator.

    The released code works in [-1, 1]. For data in [0, 1], brightness therefore changes by up to 1/4, and areas that are shifted in or cut
    out get the middle of the range (0 in the code). Saturation and contrast do not depend on the range. Saturation has no effect on gray
    images.

    Args:
        samples: Images [N, C, H, W]. Changed colors may leave the range.
        bounds: The range of values of the data.
        policy: Which changes are made. Their order is that of the paper's code, whatever the order given here.
        shift: The largest translation as a share of the side.
        hole: The side of the cut-out as a share of the image's.
    """
    low, high = bounds or (0.0, 1.0)
    middle = (low + high) / 2
    if "color" in policy:
        samples = recolored(samples, high - low)
    if "translation" in policy:
        samples = translated(samples, shift, middle)
    if "cutout" in policy:
        samples = cut_out(samples, hole, middle)
    return samples
