"""Parzen-window log-likelihood of real samples, the 2014 protocol."""

import math
from typing import Annotated

import numpy as np
import torch
from annotated_types import Ge
from torch import Tensor

from landscape.components.metrics._base import METRICS, Evidence
from landscape.components.metrics._intervals import normal, standard_error
from landscape.components.metrics._products import product
from landscape.components.metrics._samples import checked, on_device
from landscape.core.errors import UserError
from landscape.core.registry import Positive, PositiveInt
from landscape.results.record import Estimate

ROWS = 256
EXACT = 8
"""Nearest samples of each point whose distances are taken in float64. At small sigma they alone decide, and float32's rounding of
distances, divided by 2 sigma^2, would be off by several thousandths of a nat; at large sigma the division makes it harmless."""

LEAST_EXPONENT = -87.0
"""e to this is float32's smallest normal number; beside the nearest sample's 1 it is nothing, and subnormal ones cost a hundredfold."""


def log_likelihoods(points: Tensor, samples: Tensor, sigmas: Tensor) -> Tensor:
    """Log of the mean over `samples` of N(point; sample, sigma^2 I): [sigmas, n], float64, nats. Goodfellow et al. 2014, section 5.

    Args:
        points: [n, d].
        samples: [m, d], the centers of the windows.
        sigmas: [s], widths.
    """
    width, count = points.shape[1], len(samples)
    # around the samples' mean norms are smaller, and with them what float32 rounds off
    center = samples.mean(dim=0, dtype=torch.float64)
    near = (samples - center).float()
    norms = near.double().square().sum(dim=1).float()
    result = torch.empty(len(sigmas), len(points), dtype=torch.float64, device=points.device)
    for start in range(0, len(points), ROWS):
        rows = (points[start : start + ROWS] - center).float()
        partial = product(rows, near).mul_(-2).add_(norms)  # |x - s|^2 - |x|^2
        partial += rows.double().square().sum(dim=1, keepdim=True).float()
        where = partial.topk(min(EXACT, count), dim=1, largest=False).indices
        exact = (rows[:, None] - near[where]).double().square_().sum(dim=2)
        partial.scatter_(1, where, torch.inf)
        for index, sigma in enumerate(sigmas.tolist()):
            scale, least = 1 / (2 * sigma**2), exact[:, :1]
            rest = (
                ((least - partial) if len(sigmas) > 1 else partial.neg_().add_(least.float())).mul_(scale).clamp_(LEAST_EXPONENT, 0).exp_()
            )
            total = rest.sum(dim=1).double() + ((least - exact) * scale).exp().sum(dim=1)
            result[index, start : start + ROWS] = total.log() - least[:, 0] * scale
    constant = math.log(count) + width * (sigmas.double().log() + 0.5 * math.log(2 * math.pi))
    return result - constant.to(result.device)[:, None]


def choose_sigma(validation: Tensor, samples: Tensor, sigmas: Tensor) -> float:
    """The width of the grid `sigmas` with the highest mean log-likelihood of `validation` [n, d]."""
    return float(sigmas[int(log_likelihoods(validation, samples, sigmas).mean(dim=1).argmax())])


def _flat(values: Tensor | None, whose: str, evidence: Evidence) -> Tensor:
    """Samples [N, d] in the networks' range: image levels over 255, points as they are."""
    samples = on_device(checked(values, whose, "images", "parzen"), evidence)
    return samples.flatten(1).float() / 255 if samples.ndim == 4 else samples.flatten(1).float()


@METRICS.register(
    needs=frozenset({"images", "validation"}), names=("Parzen_LL",), direction="higher", paper="Goodfellow et al. 2014, arXiv:1406.2661"
)
def parzen(
    evidence: Evidence,
    *,
    smallest: Positive = 0.1,
    largest: Positive = 1.0,
    grid: Annotated[int, Ge(1)] = 10,
    validation_samples: PositiveInt = 1000,
) -> dict[str, Estimate]:
    """Mean log-likelihood of the real samples under Gaussian windows around the generated ones.

    Args:
        evidence: images, levels in [0, 255], scored in [0, 1]; or points. Real, generated and validation sets.
        smallest: smallest width of the grid.
        largest: largest width.
        grid: widths, evenly spaced in their logarithm; the best on validation is taken.
        validation_samples: the first so many validation samples choose the width.

    Raises:
        UserError: no validation set, NaN, sets of different sizes of image, or an empty grid.
    """
    if smallest > largest:
        raise UserError(f"parzen: smallest={smallest} is above largest={largest}: swap them")
    validation = _flat(None if evidence.validation is None else evidence.validation.images, "validation", evidence)[:validation_samples]
    real, fake = _flat(evidence.real.images, "real", evidence), _flat(evidence.fake.images, "generated", evidence)
    if not real.shape[1] == fake.shape[1] == validation.shape[1]:
        raise UserError(
            f"parzen: real, generated and validation samples have {real.shape[1]}, {fake.shape[1]} and {validation.shape[1]} values each:"
            " bring them to one size"
        )
    sigmas = torch.from_numpy(np.logspace(math.log10(smallest), math.log10(largest), grid))
    sigma = choose_sigma(validation, fake, sigmas)
    values = log_likelihoods(real, fake, torch.tensor([sigma], dtype=torch.float64))[0]
    value, error = float(values.mean()), standard_error(values)
    note = f"sigma {sigma:.4g}, best of {grid} in [{smallest:g}, {largest:g}] on {len(validation)} validation samples; s.e.m. {error:.3g}"
    if grid > 1 and sigma in (float(sigmas[0]), float(sigmas[-1])):
        note += "; at the border of the grid"
    return {
        "Parzen_LL": Estimate(
            value,
            "higher",
            normal(value, error),
            interval_kind="standard error of the mean over real samples, given the generated ones and sigma",
            unit="nat",
            n_real=len(real),
            n_fake=len(fake),
            note=note,
        )
    }
