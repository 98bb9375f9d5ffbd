"""Affine maps of images, filtered against aliasing as StyleGAN2-ADA does it (Karras et al. 2020, arXiv:2006.06676, appendix B).

An image is upsampled by 2 with a wavelet's low-pass filter, sampled bilinearly at the mapped positions, and downsampled with the same
filter. This filter is orthogonal to its even shifts, so that the identity leaves an image as it is. Outside of the image lies its
reflection at the centers of the border pixels.
"""

from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from landscape.components.regularizers._augmentation import mirrored
from landscape.core.errors import UserError

SYM6 = (
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
)
"""The low-pass filter of Daubechies' least asymmetric wavelet with six vanishing moments. Its sum is the square root of 2."""
_BEFORE = 5
"""Sample j of the upsampled image takes pixel i times tap j + _BEFORE - 2 i."""
_DELAY = sum(k * tap for k, tap in enumerate(SYM6)) / sum(SYM6) - _BEFORE
"""What is at pixel i is at sample 2 i + _DELAY, because the filter has its center at this distance from tap _BEFORE."""
_MARGIN = 6
"""The samples on each side of the image that are upsampled too, as far as the filter reaches. Farther out, places are reflected."""


def warped(images: Tensor, inverse: Tensor) -> Tensor:
    """Return images [N, C, H, W] mapped by affine maps, one for each image.

    Args:
        images: The images, of at least 4 x 4 pixels.
        inverse: The maps [N, 2, 3] from positions in the result to positions in the image, (x, y, 1) -> (x, y), in pixels from the center.

    Raises:
        UserError: An image is smaller.
    """
    sides = images.shape[2:]
    if min(sides) < 4:
        raise UserError(f"images of {sides[0]} x {sides[1]} pixels are too small to be turned and scaled: give a resolution of 4 or more")
    # A compiler keeps them as constants, and does not look into a cache.
    make = _filters if torch.compiler.is_compiling() else _kept_filters
    (up, down), (up_across, down_across) = (make(side, images.device, images.dtype) for side in sides)
    finer = up @ images @ up_across.T
    places = [_places(len(each.T), side, images) for each, side in ((down, sides[0]), (down_across, sides[1]))]
    y, x = torch.meshgrid(*places, indexing="ij")
    parts = inverse[:, :, :, None, None]
    found = [_sample(parts[:, i, 0] * x + parts[:, i, 1] * y + parts[:, i, 2], side) for i, side in ((0, sides[1]), (1, sides[0]))]
    sampled = grid_sample(finer, torch.stack(found, -1), padding_mode="border", align_corners=True)
    return down @ sampled @ down_across.T


def _places(samples: int, side: int, like: Tensor) -> Tensor:
    """Return where in the result the samples lie that are downsampled, in pixels from the center."""
    return (torch.arange(samples, device=like.device, dtype=like.dtype) - _BEFORE - _DELAY) / 2 - (side - 1) / 2


def _sample(place: Tensor, side: int) -> Tensor:
    """Return the sample of the upsampled image at a place in pixels from the center, from -1 (the first) to 1 (the last)."""
    last, pixel = side - 1, place + (side - 1) / 2
    reflected = last - (last - pixel.remainder(2 * last)).abs()
    near = (pixel >= -_MARGIN / 2) & (pixel <= last + _MARGIN / 2)
    sample = 2 * torch.where(near, pixel, reflected) + _DELAY + _MARGIN
    return sample * (2 / (2 * side + 2 * _MARGIN - 1)) - 1


def _filters(side: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return the filters as matrices: up [2 side + 12, side], and down [side, 2 side + 10]. Both have samples outside of the image."""
    taps = torch.tensor(SYM6, dtype=torch.float64)

    def weights(samples: Tensor, pixels: Tensor) -> Tensor:
        tap = samples[:, None] + _BEFORE - 2 * pixels
        return torch.where((tap >= 0) & (tap < len(taps)), taps[tap.clamp(0, len(taps) - 1)], 0.0) / taps.sum()

    samples, pixels = torch.arange(-_MARGIN, 2 * side + _MARGIN), torch.arange(-_MARGIN, side + _MARGIN)
    up = torch.zeros(len(samples), side, dtype=torch.float64)
    up.index_add_(1, mirrored(mirrored(pixels, side), side), 2 * weights(samples, pixels))
    down = weights(torch.arange(-_BEFORE, 2 * side + _BEFORE), torch.arange(side)).T
    return up.to(device, dtype), down.to(device, dtype)


_kept_filters = cache(_filters)
"""They are made once for each size, because nothing may be copied to a device while its work is recorded."""
