"""How settings move over training from one value to another."""

import math
from typing import TypeVar

import torch
from torch import Tensor

Share = TypeVar("Share", float, Tensor)
"""Of the way in time: 0 to 1."""


def half_cosine(share: Share) -> Share:
    """0 at 0, 1 at 1, slow at both ends; what is beyond 1 must be cut before."""
    if isinstance(share, Tensor):
        return 0.5 * (1 - torch.cos(torch.pi * share))
    return 0.5 * (1 - math.cos(math.pi * share))
