"""Diversity of generated images, measured by their multi-scale structural similarity (MS-SSIM) with one another."""

import math
from typing import Annotated, Literal

import numpy as np
import torch
from annotated_types import Ge, Le
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._intervals import normal_if_varied
from landscape.components.metrics._samples import checked, on_device
from landscape.core.errors import UserError
from landscape.core.registry import PositiveInt
from landscape.results.record import Estimate

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""The exponent of each scale, beginning with the finest."""
WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
Variant = Literal["original", "pytorch-msssim", "torchmetrics"]
CHUNK = 1 << 19
"""The number of pixels of products that are computed at once, which take 2 MiB and stay in the cache."""


def ms_ssim_of_pairs(
    images: Tensor,
    first: Tensor,
    second: Tensor,
    weights: tuple[float, ...] = WEIGHTS,
    window: int = WINDOW,
    variant: Variant = "original",
) -> Tensor:
    """Return the multi-scale SSIM [P] of the image pairs (first[p], second[p]). Wang, Simoncelli & Bovik 2003, equation 7.

    The window is Gaussian with sigma 1.5 and without padding. If the image is smaller than the window, the window has the size of the
    image. Scales are 2 x 2 averages, before which an odd side repeats its last row. The contrast term and the last SSIM are clipped at 0.
    The product over scales is taken for each color, and then the mean over colors. All this follows compare_gan's `image_similarity.py`.

    The moments of single images are computed once for all of their pairs. Only the mean of the product is computed for each pair.

    Args:
        images: Images [N, C, H, W] with levels in [0, 255].
        first: Indices [P] of images, int64.
        second: Indices [P] of images, int64.
        weights: The exponents, one for each scale.
        window: The side of the Gaussian window.
        variant: `pytorch-msssim` surrounds images of an odd side with zeros before it halves them, as that package does. If sides are even
            at every scale, it equals `original`. `torchmetrics` drops the last row of an odd side, reflects the coarsest images at their
            borders and averages colors at each scale, as that package does.
    """
    level = images.float()
    result = torch.ones(len(first), 1 if variant == "torchmetrics" else images.shape[1], device=images.device)
    for scale, weight in enumerate(weights):
        if scale:
            level = _halve(level, variant)
        last, size = scale == len(weights) - 1, min(window, *level.shape[-2:])
        if last and variant == "torchmetrics":
            level = pad(level, (size // 2,) * 4, mode="reflect")
        term = _ssim_terms(level, first, second, size)[1 if last else 0]
        if variant == "torchmetrics":
            term = term.mean(dim=1, keepdim=True)
        result *= term.clamp(min=0) ** weight
    return result.mean(dim=1)


def _halve(images: Tensor, variant: Variant) -> Tensor:
    """Return 2 x 2 averages of images [N, C, H, W]. `variant` decides how an odd side is treated."""
    odd = [side % 2 for side in images.shape[-2:]]
    if variant == "pytorch-msssim":
        return avg_pool2d(images, 2, padding=odd)
    if any(odd) and variant == "original":
        images = pad(images, (0, odd[1], 0, odd[0]), mode="replicate")
    return avg_pool2d(images, 2)


def _band(size: int, window: int, device: torch.device) -> Tensor:
    """Return the matrix [size, size - window + 1] that takes a Gaussian-weighted mean over each window of a line."""
    offsets = torch.arange(window, dtype=torch.float64) - (window - 1) / 2
    weights = torch.softmax(-0.5 * (offsets / SIGMA) ** 2, dim=0)
    band = torch.zeros(size, size - window + 1, dtype=torch.float64)
    for start in range(band.shape[1]):
        band[start : start + window, start] = weights
    return band.float().to(device)


def _smooth(images: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Return windowed means [..., W', H'] of images [..., H, W]. They are transposed, which does not matter for means over pixels."""
    return (images @ across).transpose(-1, -2) @ down


def _local_moments(images: Tensor, down: Tensor, across: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Return the local mean and variance of each image, computed for `step` images at a time."""
    mean = images.new_empty(*images.shape[:2], across.shape[1], down.shape[1])
    spread = torch.empty_like(mean)
    for start in range(0, len(images), step):
        rows = slice(start, start + step)
        smooth = _smooth(images[rows], down, across)
        mean[rows] = smooth
        torch.sub(_smooth(images[rows].square(), down, across), smooth.square_(), out=spread[rows])
    return mean, spread


def _ssim_terms(images: Tensor, first: Tensor, second: Tensor, window: int) -> tuple[Tensor, Tensor]:
    """Return the means over pixels of the contrast term and of SSIM, each [P, C], at one scale."""
    down, across = (_band(side, window, images.device) for side in images.shape[-2:])
    step = max(1, CHUNK // images[0].numel())
    mean, spread = _local_moments(images, down, across, step)
    contrast, similarity = [], []
    for i, j in zip(torch.split(first, step), torch.split(second, step), strict=True):
        one, two = mean[i], mean[j]
        means = one * two
        cs = _smooth(images[i].mul_(images[j]), down, across).sub_(means).mul_(2).add_(C2)
        cs /= spread[i].add_(spread[j]).add_(C2)
        contrast.append(cs.mean(dim=(-1, -2)))
        luminance = means.mul_(2).add_(C1)
        luminance /= one.square_().add_(two.square_()).add_(C1)
        similarity.append(luminance.mul_(cs).mean(dim=(-1, -2)))
    return torch.cat(contrast), torch.cat(similarity)


def group_similarity(images: Tensor, variant: Variant = "original") -> tuple[float, float]:
    """Return the mean MS-SSIM over all pairs of different images of a group [n, C, H, W], and its standard error as a U-statistic."""
    first, second = torch.triu_indices(len(images), len(images), offset=1, device=images.device)
    similarity = ms_ssim_of_pairs(images, first, second, variant=variant).double()
    rows = torch.zeros(len(images), dtype=torch.float64, device=images.device)
    rows.index_add_(0, first, similarity).index_add_(0, second, similarity)
    rows /= len(images) - 1
    # The variance is 4 / n times that of an image's mean similarity to the others (Hoeffding 1948), which noise in these means overstates.
    error = math.sqrt(4 * float(rows.var()) / len(images)) if len(images) > 2 else math.inf
    return float(similarity.mean()), error


def _groups(count: int, labels: Tensor | None, batches: int, size: int, seed: int) -> list[np.ndarray]:
    """Return the indices of the images to compare with one another: `batches` disjoint random groups, or one group for each label."""
    order = np.random.default_rng(seed).permutation(count)
    if labels is None:
        return [group for group in np.split(order, range(size, count, size))[:batches] if len(group) > 1]
    of_image = labels.cpu().numpy()[order]
    groups = [order[of_image == label][:size] for label in np.unique(of_image)]
    return [group for group in groups if len(group) > 1]


@METRICS.register(
    needs=frozenset({"images"}),
    names=("MS-SSIM",),
    direction="lower",
    revision=2,  # In revision 2 `torchmetrics` drops the last row of an odd side, as the package does.
    paper="Odena et al. 2017, arXiv:1610.09585",
)
def ms_ssim(
    evidence: Evidence, *, batches: PositiveInt = 5, batch_size: Annotated[int, Ge(2), Le(4096)] = 64, variant: Variant = "original"
) -> dict[str, Estimate]:
    """Mean MS-SSIM between generated images. High values mean that samples look alike. Compare it with the value among real images.

    Args:
        evidence: Generated images [N, C, H, W] with levels in [0, 255]. If they have labels, only images of the same label are compared.
        batches: The number of groups of images (Fedus et al. 2018, arXiv:1710.08446, section 5.3, use 5 groups of 64 images). With labels
            there is one group for each label.
        batch_size: The number of images in a group, all pairs of which are compared.
        variant: `original` (Wang et al.; compare_gan), `pytorch-msssim` or `torchmetrics` (see `ms_ssim_of_pairs`).

    Raises:
        UserError: The samples are no images or hold NaN, or there are no two images (of one label).
    """
    images = on_device(checked(evidence.fake.images, "generated", "images", "ms_ssim"), evidence)
    if images.ndim != 4:
        raise UserError(f"ms_ssim compares images (N, C, H, W), the samples have shape {tuple(images.shape)}: leave it out for points")
    labels = evidence.fake.labels
    groups = _groups(len(images), labels, batches, batch_size, evidence.seed)
    if not groups:
        raise UserError("ms_ssim needs two generated images of one label: score more samples or leave the labels out")
    found = [group_similarity(images[torch.from_numpy(group).to(images.device)], variant) for group in groups]
    # Images that hardly differ give products of single precision that pass 1 by its rounding.
    value = min(sum(similarity for similarity, _ in found) / len(found), 1.0)
    error = math.sqrt(sum(error**2 for _, error in found)) / len(found)
    sides = [math.ceil(min(images.shape[-2:]) / 2**scale) for scale in range(len(WEIGHTS))]
    note = f"{len(groups)} {'groups' if labels is None else 'labels'} of up to {batch_size} images, all pairs; "
    note += f"5 scales of {', '.join(map(str, sides))} pixels, window {WINDOW} or the image"
    interval = normal_if_varied(value, error, (0.0, 1.0)) if math.isfinite(error) else None
    kind = "U-statistic over samples" if interval else ""
    return {"MS-SSIM": Estimate(value, "lower", interval, interval_kind=kind, bounds=(0.0, 1.0), n_fake=sum(map(len, groups)), note=note)}
