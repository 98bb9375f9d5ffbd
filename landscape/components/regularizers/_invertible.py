"""The random changes of StyleGAN2-ADA (Karras et al. 2020, arXiv:2006.06676, appendix B), each made with a probability.

A generator can only match the data through them because a share of the images stays as it is, so that no change hides how images were.
"""

import math

import torch
from torch import Tensor

from landscape.components.regularizers._augmentation import mirrored, per_sample_uniform, shifted
from landscape.components.regularizers._recoloring import color_matrices, recolored
from landscape.components.regularizers._warping import warped


def applied(p: Tensor, value: Tensor, otherwise: float) -> Tensor:
    """Return for each image its `value` [N, ...] with probability `p`, and in all other cases the number that changes nothing."""
    chosen = torch.rand(len(value), *[1] * (value.ndim - 1), device=value.device) < p
    return torch.where(chosen, value, torch.full_like(value, otherwise))


def _normal(images: Tensor, *shape: int) -> Tensor:
    return torch.randn(len(images), *shape, device=images.device, dtype=images.dtype)


def blitted(images: Tensor, p: Tensor, reach: float = 1 / 8) -> Tensor:
    """Mirror each image left to right, turn it by a multiple of 90 degrees, and move it by whole pixels, each with probability `p`.

    Half of the mirrored images and a quarter of the turned ones are left as they are. Images that are not square are turned by 180 degrees
    only. What comes in from outside is the reflection at the border pixels.

    Args:
        images: Images [N, C, H, W].
        p: The probability, 0-dim.
        reach: The largest movement along each axis, as a share of the side.
    """
    height, width = images.shape[2:]
    mirror = applied(p, per_sample_uniform(images, 0, 2).floor(), 0)
    images = torch.where(mirror == 1, images.flip(-1), images)
    quarters = applied(p, per_sample_uniform(images, 0, 4).floor(), 0)
    turns = {n: images.rot90(n, (2, 3)) for n in ((1, 2, 3) if height == width else (2,))}
    for n, turned in turns.items():
        images = torch.where(quarters == n, turned, images)
    share = applied(p, per_sample_uniform(images, -reach, reach, (2,)), 0)
    columns, rows = ((share[:, i, None] * side).round().long() for i, side in enumerate((width, height)))
    return shifted(images, rows, columns, mirrored)


def inverse_maps(images: Tensor, p: Tensor) -> Tensor:
    """Draw for each image an affine map [N, 2, 3] from positions in the result to positions in the image, in pixels from the center.

    The image is scaled by 2^N(0, 0.2^2), turned, scaled by s = 2^N(0, 0.2^2) across and 1/s down, turned, and moved by N(0, 0.125^2) of its
    sides, each with probability `p` (0-dim). The two turns together have this probability.
    """
    scale = applied(p, torch.exp2(0.2 * _normal(images)), 1)
    stretch = applied(p, torch.exp2(0.2 * _normal(images)), 1)
    of_each_turn = 1 - (1 - p).clamp(min=0).sqrt()
    first, second = (applied(of_each_turn, per_sample_uniform(images, -math.pi, math.pi, ()), 0) for _ in range(2))
    moved = applied(p, 0.125 * _normal(images, 2), 0) * torch.stack([torch.full_like(scale, side) for side in images.shape[:1:-1]], 1)
    by_stretch = torch.diag_embed(torch.stack([1 / stretch, stretch], 1))
    linear = _turns(-first) @ by_stretch @ _turns(-second) / scale[:, None, None]
    return torch.cat([linear, -linear @ moved[:, :, None]], 2)


def _turns(angle: Tensor) -> Tensor:
    """Return the matrices [N, 2, 2] of turns by angles [N]."""
    rows = (torch.stack([angle.cos(), -angle.sin()], 1), torch.stack([angle.sin(), angle.cos()], 1))
    return torch.stack(rows, 1)


def moved_and_scaled(images: Tensor, p: Tensor) -> Tensor:
    """Apply random affine maps to images [N, C, H, W] (see `inverse_maps`). Those whose map is the identity are left as they are."""
    maps = inverse_maps(images, p)
    changes = (maps != torch.eye(2, 3, device=maps.device, dtype=maps.dtype)).flatten(1).any(1)
    return torch.where(changes[:, None, None, None], warped(images, maps), images)


def with_colors_changed(images: Tensor, p: Tensor, low: float, high: float) -> Tensor:
    """Change the colors of images [N, C, H, W], whose values lie between `low` and `high`, each in five ways with probability `p` (0-dim).

    The source's images are in [-1, 1]. Brightness changes by N(0, 0.2^2) there, and by N(0, 0.1^2) times the range here. The other changes
    are the same relative to the middle of the range: contrast is multiplied by 2^N(0, 0.5^2), luma is mirrored for half of the chosen
    images, hues turn by any angle, and saturation is multiplied by 2^N(0, 1).
    """
    brightness = applied(p, 0.1 * (high - low) * _normal(images), 0)
    contrast = applied(p, torch.exp2(0.5 * _normal(images)), 1)
    flipped = applied(p, per_sample_uniform(images, 0, 2, ()).floor(), 0)
    angle = applied(p, per_sample_uniform(images, -math.pi, math.pi, ()), 0)
    saturation = applied(p, torch.exp2(_normal(images)), 1)
    changes = (brightness != 0) | (contrast != 1) | (flipped != 0)
    if images.shape[1] % 3 == 0:
        changes = changes | (angle != 0) | (saturation != 1)
    changed = recolored(images, brightness, color_matrices(contrast, flipped, angle, saturation), (low + high) / 2)
    return torch.where(changes[:, None, None, None], changed, images)


def cut_out(images: Tensor, p: Tensor, middle: float, share: float = 0.5) -> Tensor:
    """Set a rectangle of images [N, C, H, W] to `middle` with probability `p` (0-dim).

    Its sides are `share` of the image's, and its center lies anywhere in the image.
    """
    size, center = applied(p, torch.full_like(images[:, 0, 0, :1], share), 0), per_sample_uniform(images, 0, 1, (2,))
    covered = []
    for i, side in enumerate(images.shape[2:]):
        place = (torch.arange(side, device=images.device) + 0.5) / side
        covered.append((place - center[:, i, None]).abs() < size / 2)  # [N, side]
    hidden = covered[0][:, None, :, None] & covered[1][:, None, None, :]
    return torch.where(hidden, torch.full_like(images, middle), images)
