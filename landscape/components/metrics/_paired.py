"""What scores of generated images beside their targets share: which pixels count, and the estimate of a mean over images."""

import math
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from landscape.components.metrics._base import Evidence, Pairs, need
from landscape.components.metrics._intervals import normal_if_varied
from landscape.components.metrics._samples import checked
from landscape.core.errors import UserError
from landscape.results.record import Estimate

LUMA = (65.481 / 255, 128.553 / 255, 24.966 / 255)
"""The weights of red, green and blue in the Y of ITU-R BT.601 with levels from 16 to 235, in which papers compare images (MATLAB's
`rgb2ycbcr`).
"""
LEAST_ERROR = 1 / 12
"""The mean squared error in levels at and below which an image counts as equal to its target: that of rounding to levels."""


class Compared(NamedTuple):
    """Generated images and their targets, as float32 levels [N, C, H, W], and the pixels that count [N, 1, H, W] or None for all."""

    made: Tensor
    targets: Tensor
    counted: Tensor | None


def compared(evidence: Evidence, metric: str) -> Compared:
    """Return the generated images beside their targets, which are the real samples, without the border that the task cuts off.

    Raises:
        UserError: There are no conditions, because the task has no images as conditions, or no images.
    """
    pairs = pairs_of(evidence, metric)
    if not pairs.task.facts.has_target:
        raise UserError(f"{metric} compares samples with their targets, which task {pairs.task.name!r} does not have: leave the metric out")
    made = checked(evidence.fake.images, "generated", "images", metric, minimum=1).float()
    real = checked(evidence.real.images, "real", "images", metric, minimum=1)
    if made.shape[1:] != real.shape[1:] or made.ndim != 4:
        raise UserError(f"{metric} compares images of one shape, not {tuple(made.shape[1:])} with {tuple(real.shape[1:])}")
    rows = torch.arange(len(made)) % len(real)
    cut = pairs.task.border
    if 2 * cut >= min(made.shape[2:]):
        raise UserError(f"{metric}: a border of {cut} pixels leaves nothing of images of {made.shape[3]} pixels: leave the metric out")
    inside = (..., slice(cut, made.shape[2] - cut), slice(cut, made.shape[3] - cut))
    return Compared(made[inside], real[rows].float()[inside], hole_of(pairs, rows))


def pairs_of(evidence: Evidence, metric: str) -> Pairs:
    """Return the conditions of the generated samples.

    Raises:
        UserError: There are none, because the task has no images as conditions.
    """
    pairs: Pairs = need(evidence.pairs, "the pictures or texts that the samples were made of", metric)
    return pairs


def hole_of(pairs: Pairs, rows: Tensor) -> Tensor | None:
    """Return where pixels were to be made, bool [n, 1, H, W], or None if all were."""
    return pairs.conditions[rows, -1:] > 0 if pairs.task.facts.has_mask else None


def luma(levels: Tensor) -> Tensor:
    """Return Y [N, 1, H, W] of color images, 16 to 235. Gray images, 0 to 255, are returned as they are."""
    if levels.shape[1] == 1:
        return levels
    red, green, blue = (weight * levels[:, i : i + 1] for i, weight in enumerate(LUMA))
    return 16 + red + green + blue


def mean_over(values: Tensor, counted: Tensor | None) -> Tensor:
    """Return the mean [N] of values [N, C, H, W] over each image, or over its counted pixels."""
    if counted is None:
        return values.flatten(1).mean(1)
    weights = counted.expand_as(values).to(values.dtype)
    return (values * weights).flatten(1).sum(1) / weights.flatten(1).sum(1)


def decibels(error: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio of mean squared errors in levels, which count as at least `LEAST_ERROR`."""
    return 10 * torch.log10(255**2 / error.clamp(min=LEAST_ERROR))


def mean_estimate(values: Tensor, evidence: Evidence, direction: Literal["higher", "lower", "none"], **facts: Any) -> Estimate:
    """Return the mean of one value an image, with the interval of its standard error over images."""
    mean, n = float(values.double().mean()), len(values)
    deviation = float(values.double().std()) if n > 1 else 0.0
    found = normal_if_varied(mean, deviation / math.sqrt(n), facts.get("bounds", (None, None))) if n > 1 else None
    kind = "standard error of the mean over images" if found is not None else ""
    real = evidence.real.images
    return Estimate(mean, direction, found, interval_kind=kind, n_real=None if real is None else len(real), n_fake=n, **facts)
