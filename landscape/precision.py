"""Where half precision would spoil a result: sums over many terms, distances by cancellation, power iterations."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """A context without autocast on `device`; costs nothing where none is on."""
    if torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()


def at_least_float32(tensor: Tensor) -> Tensor:
    """Half precision as float32, all else as it is."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
