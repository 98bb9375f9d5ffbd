"""The curve along which settings move from one value to another during training."""

import math
from typing import TypeVar

import torch
from torch import Tensor

Share = TypeVar("Share", float, Tensor)
"""The share of the time that has passed, from 0 to 1."""


def half_cosine(share: Share) -> Share:
    """Return half a cosine wave, which rises from 0 at 0 to 1 at 1 and is slow at both ends. The caller cuts shares above 1."""
    if isinstance(share, Tensor):
        return 0.5 * (1 - torch.cos(torch.pi * share))
    return 0.5 * (1 - math.cos(math.pi * share))
