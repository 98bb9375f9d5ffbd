"""Converts samples to what extractors and metrics read: levels from 0 to 255, quantized as the protocol says."""

import torch
from torch import Tensor

from landscape.components.extractors._base import Extractor
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError

QUANTISATION = {
    "round": "float images x 255, rounded to the nearest of 256 levels",
    "floor": "float images x 255, cut to the level below",
    "none": "float images x 255, not quantized",
}


def to_levels(samples: Tensor, quantize: str) -> Tensor:
    """Convert images to levels in [0, 255]. Floats in [0, 1] are quantized by `quantize`. uint8 images and points (N, D) stay as they are.

    Returns:
        uint8 images (N, C, H, W) for `round` and `floor`, and float32 for `none` and for points.
    """
    if samples.dim() == 2 or samples.dtype == torch.uint8:
        return samples
    levels = (samples.to(torch.float32) * 255).clamp_(0, 255)
    if quantize == "none":
        return levels
    return (levels.round_() if quantize == "round" else levels.floor_()).to(torch.uint8)


def require_channels(samples: Tensor, protocol: Protocol, extractor: Extractor) -> None:
    """Check that the protocol allows gray images for an extractor of color images.

    Raises:
        UserError: It does not.
    """
    if protocol.grayscale == "refuse" and samples.dim() == 4 and samples.shape[1] == 1 and extractor.channels == 3:
        raise UserError(f"protocol {protocol.name!r} refuses 1-channel images for {extractor.name!r}: choose a protocol that tiles them")


def describe(samples: Tensor, protocol: Protocol, *, quantized: bool) -> dict[str, str]:
    """Return the entries of `Scores.handling` for one set."""
    if samples.dim() == 2:
        return {"samples": f"points of {samples.shape[1]} coordinates, as they are"}
    size = "x".join(str(n) for n in samples.shape[1:])
    return {"samples": f"images {size}"} | ({"quantize": QUANTISATION[protocol.quantize]} if quantized else {})
