"""Keeps out half precision where it would spoil a result: in sums over many terms, differences of near equals and power iterations."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """Return a context without autocast on `device`. It costs nothing if autocast is off already."""
    # The compiler of torch 2.11 refuses `torch.amp.is_autocast_available`; of the devices in use only "meta" has no autocast.
    if device.type != "meta" and torch.is_autocast_enabled(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()


@contextmanager
def without_tf32() -> Iterator[None]:
    """Within this context a GPU computes float32 convolutions in float32. By default cuDNN rounds their inputs to 10 bits (TF32)."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def at_least_float32(tensor: Tensor) -> Tensor:
    """Return a tensor of half precision as float32, and every other tensor unchanged."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
