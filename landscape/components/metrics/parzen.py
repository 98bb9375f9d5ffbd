"""The Parzen-window log-likelihood of real samples, as in the first GAN papers."""

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
"""The number of points that are worked on at a time."""
EXACT = 8
"""The number of nearest samples of each point whose distances are measured in float64. At small sigma they alone decide the result. There
the rounding of distances in float32, divided by 2 sigma^2, would amount to several thousandths of a nat. At large sigma it does no harm.
"""

LEAST_EXPONENT = -87.0
"""Smaller exponents are replaced by this one, at which e^x is the smallest normal float32. Beside the 1 of the nearest sample it does not
count, and smaller numbers would take a hundred times as long.
"""


def log_likelihoods(points: Tensor, samples: Tensor, sigmas: Tensor) -> Tensor:
    """Return the log [s, n] of the mean over `samples` of N(point; sample, sigma^2 I), in nats. Goodfellow et al. 2014, section 5.

    Args:
        points: The points [n, d] whose likelihood is computed.
        samples: The centers [m, d] of the windows.
        sigmas: The widths [s] of the windows.
    """
    width, count = points.shape[1], len(samples)
    # Around the samples' mean norms are smaller, and so are the rounding errors of float32.
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
    """Return the width among `sigmas` with the highest mean log-likelihood of `validation` [n, d]."""
    return float(sigmas[int(log_likelihoods(validation, samples, sigmas).mean(dim=1).argmax())])


def _flat(values: Tensor | None, whose: str, evidence: Evidence) -> Tensor:
    """Return the samples [N, d] in the networks' range: image levels divided by 255, and points unchanged."""
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
        evidence: The real, the generated and the validation set: images with levels in [0, 255], which are scored in [0, 1], or points.
        smallest: The smallest width of the grid.
        largest: The largest width of the grid.
        grid: The number of widths, evenly spaced in their logarithm. The best one on the validation samples is used.
        validation_samples: The number of validation samples, taken from the first, that choose the width.

    Raises:
        UserError: There is no validation set, a set holds NaN, the sets have images of different sizes, or the grid is empty.
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
