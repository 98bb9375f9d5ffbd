"""Paired translation."""

from typing import Any

from torch import Tensor

from landscape.components.tasks._base import TASKS, Batch, Rows
from landscape.components.tasks._images import as_levels, as_picture, require_images


def copy(condition: Tensor, shape: tuple[int, ...], **_: Any) -> Tensor:
    """Return the pictures [N, c, h, w] themselves, brought to the size and the channels of `shape` (C, H, W)."""
    return as_levels(as_picture(condition, shape, has_mask=False))


@TASKS.register(
    condition="image",
    needs=frozenset({"inputs"}),
    has_target=True,
    d_sees="pair",
    baseline=copy,
    protocols=("quick-paired",),
    paper="Isola et al. 2017, arXiv:1611.07004",
)
def paired(rows: Rows) -> Batch:
    """One picture from another: G receives the input of a pair, and D judges a picture beside it. The data hold both.

    Args:
        rows: The targets, and the inputs that belong to them.

    Raises:
        UserError: The samples are no images.
    """
    require_images(rows.samples, "paired")
    return Batch(rows.samples, rows.inputs)
