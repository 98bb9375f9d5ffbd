"""Inpainting."""

from typing import Annotated, Any, Literal

import torch
from annotated_types import Gt, Lt
from torch import Tensor

from landscape.components.tasks._base import TASKS, Batch, Rows, completed
from landscape.components.tasks._images import as_levels, require_images
from landscape.core.errors import UserError


def mean_fill(condition: Tensor, shape: tuple[int, ...], **_: Any) -> Tensor:
    """Return images whose hole has the mean color of their known pixels, [N, C, H, W], rounded to levels.

    Args:
        condition: The known pixels with the mask as the last channel, [N, C + 1, H, W].
        shape: The shape (C, H, W) of a sample.
    """
    known, mask = condition[:, :-1], condition[:, -1:]
    mean = (known * (1 - mask)).sum((2, 3), keepdim=True) / (1 - mask).sum((2, 3), keepdim=True).clamp(min=1)
    return completed(as_levels(mean.expand(-1, *shape)), condition)


def with_hole(samples: Tensor, *, hole: float, place: str) -> Tensor:
    """Return images [N, C, H, W] with a square hole of zeros and, as the last channel, the mask that is 1 there: [N, C + 1, H, W].

    Raises:
        UserError: The hole would have no pixel.
    """
    n, _, height, width = samples.shape
    size = int(min(height, width) * hole + 0.5)
    if not 0 < size < min(height, width):
        raise UserError(f"task 'inpainting': hole={hole:g} of {width} pixels is {size}: choose a share that leaves a hole and a rim")
    inside = []
    for side in (height, width):
        start: Tensor | int = (side - size) // 2
        if place == "random":
            start = torch.randint(0, side - size + 1, (n, 1), device=samples.device)
        offset = torch.arange(side, device=samples.device).expand(n, side) - start
        inside.append((offset >= 0) & (offset < size))
    mask = (inside[0][:, None, :, None] & inside[1][:, None, None, :]).to(samples.dtype)
    return torch.cat([samples * (1 - mask), mask], 1)


@TASKS.register(
    condition="image",
    has_target=True,
    d_sees="pair",
    has_mask=True,
    keeps=completed,
    baseline=mean_fill,
    asked_by=with_hole,
    protocols=("quick-inpainting", "quick-inpainting-photos"),
    paper="Pathak et al. 2016, arXiv:1604.07379",
)
def inpainting(rows: Rows, *, hole: Annotated[float, Gt(0), Lt(1)] = 0.5, place: Literal["center", "random"] = "center") -> Batch:
    """Images with a square hole: G receives the known pixels and the mask, and fills the hole; D judges the completed image beside them.

    The known pixels of a generated image are those of the condition, so that G is judged by its filling alone. In the paper D sees the
    filling alone and G gets no mask.

    Args:
        rows: The whole images.
        hole: The side of the hole as a share of the image's.
        place: `center`, or a place drawn anew for every image and step by torch's generator.

    Raises:
        UserError: The samples are no images, or the hole would have no pixel or leave none.
    """
    require_images(rows.samples, "inpainting")
    return Batch(rows.samples, with_hole(rows.samples, hole=hole, place=place))
