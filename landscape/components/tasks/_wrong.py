"""Conditions that do not belong to samples, which a term may show to D beside real samples."""

import torch
from torch import Tensor


def of_other_rows(conditions: Tensor, otherwise: Tensor) -> Tensor:
    """Return for every condition another one of the same batch, drawn at random by torch's generator from those that differ from it.

    Args:
        conditions: The conditions [N, ...] of a batch.
        otherwise: What stands where all conditions of the batch are the same, in the shape of `conditions` or one that it expands to.
    """
    rows = conditions.reshape(len(conditions), -1)
    # Images that are compared all at once would take N times the memory.
    one_by_one = conditions.ndim == 4
    differs = torch.stack([(rows != row).any(1) for row in rows]) if one_by_one else (rows[:, None] != rows[None]).any(2)
    chosen = torch.where(differs, torch.rand(differs.shape, device=rows.device), -1.0).argmax(1)
    has_other = differs.any(1).view(-1, *[1] * (conditions.ndim - 1))
    return torch.where(has_other, conditions[chosen], otherwise)


def wrong_conditions(conditions: Tensor, classes: int) -> Tensor:
    """Return for the condition of every row one that does not belong to it: that of another row.

    If all rows of the batch have the same condition, it is the next class, or an image or text of zeros.

    Args:
        conditions: Classes [N] int64, images [N, c, h, w], or texts or speech [N, L] int64.
        classes: The number of classes, at least 2; 0 if the conditions are no classes.
    """
    return of_other_rows(conditions, (conditions + 1) % classes if classes else torch.zeros_like(conditions))
