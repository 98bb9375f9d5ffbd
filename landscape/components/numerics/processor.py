"""What the processor computes natively."""

from functools import cache

import torch


@cache
def fast_bfloat16() -> bool:
    """Return whether this processor computes bfloat16 convolutions natively."""
    return has_onednn() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def has_onednn() -> bool:
    """Return whether this build of torch has oneDNN."""
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
