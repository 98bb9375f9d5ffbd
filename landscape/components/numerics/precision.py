"""Where half precision would spoil a result: sums over many terms, distances by cancellation, power iterations."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """A context without autocast on `device`; costs nothing where none is on."""
    # The compiler of torch 2.11 refuses `torch.amp.is_autocast_available`; of the devices in use only "meta" has no autocast.
    if device.type != "meta" and torch.is_autocast_enabled(device.type):
        return torch.autocast(device.type, enabled=False)
    return nullcontext()


@contextmanager
def without_tf32() -> Iterator[None]:
    """Convolutions of float32 on a GPU in float32: cuDNN would round their inputs to 10 bits (products of matrices it leaves alone)."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def at_least_float32(tensor: Tensor) -> Tensor:
    """Half precision as float32, all else as it is."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
