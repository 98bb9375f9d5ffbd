"""Differentiable augmentation (DiffAugment)."""

from typing import Annotated, Literal

import torch
from annotated_types import Len
from torch import Tensor

from landscape.components.regularizers._augmentation import clamped, inside, per_sample_integer, per_sample_uniform, shifted
from landscape.components.regularizers._base import REGULARIZERS
from landscape.core.registry import Fraction


def recolored(images: Tensor, span: float) -> Tensor:
    """Brightness moved by up to a quarter of the range, saturation scaled by [0, 2), contrast by [1/2, 3/2), in this order."""
    images = images + per_sample_uniform(images, -span / 4, span / 4)
    gray = images.mean(1, keepdim=True)
    images = gray + (images - gray) * per_sample_uniform(images, 0, 2)
    level = images.mean((1, 2, 3), keepdim=True)
    return level + (images - level) * per_sample_uniform(images, 0.5, 1.5)


def translated(images: Tensor, share: float, fill: float) -> Tensor:
    """Moved by up to `share` of the side, each axis; what comes in from outside is `fill`."""
    height, width = images.shape[2:]
    rows, columns = (per_sample_integer(images, -int(side * share + 0.5), int(side * share + 0.5)) for side in (height, width))
    known = inside(rows, height)[:, None, :, None] & inside(columns, width)[:, None, None, :]
    return torch.where(known, shifted(images, rows, columns, clamped), torch.full_like(images, fill))


def cut_out(images: Tensor, share: float, fill: float) -> Tensor:
    """A rectangle of `share` of the side, its center anywhere in the image, set to `fill`."""
    covered = []
    for side in images.shape[2:]:
        size = int(side * share + 0.5)
        start = per_sample_integer(images, 0, side - size % 2) - size // 2
        offset = torch.arange(side, device=images.device) - start  # [N, side]
        covered.append((offset >= 0) & (offset < size))
    hidden = covered[0][:, None, :, None] & covered[1][:, None, None, :]
    return torch.where(hidden, torch.full_like(images, fill), images)


@REGULARIZERS.register(site="on_inputs", needs_images=True, paper="Zhao et al. 2020, arXiv:2006.10738")
def differentiable_augmentation(
    samples: Tensor,
    *,
    bounds: tuple[float, float] | None,
    policy: Annotated[tuple[Literal["color", "translation", "cutout"], ...], Len(1)] = ("color", "translation", "cutout"),
    shift: Fraction = 0.125,
    hole: Fraction = 0.5,
) -> Tensor:
    """Random changes of every image that D sees, real and generated, with gradients through them to the generator.

    The released code works in [-1, 1]: in data of range [0, 1] brightness moves by up to 1/4, and what is shifted in or cut out is the
    middle of the range (its 0). Saturation and contrast do not depend on the range; saturation does nothing to gray images.

    Args:
        samples: images [N, C, H, W]; colors may leave their range.
        bounds: value range of the data.
        policy: which changes, in the order of the paper's code whatever the order here.
        shift: furthest translation, a share of the side.
        hole: side of the cut-out, a share of the image's.
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
