"""Negative evidence lower bound of the variational autoencoder."""

import math
from typing import Annotated

import torch
from annotated_types import Gt
from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair
from landscape.components.numerics.precision import at_least_float32
from landscape.core.registry import NonNegative


def negative_log_likelihood(real: Tensor, reconstruction: Tensor, deviation: float | None) -> Tensor:
    """Per-sample -log p(x | z), summed over pixels: [N, ...] -> [N]."""
    if deviation is None:
        tiny = torch.finfo(torch.float32).eps  # a saturated output would be infinitely wrong
        probability = reconstruction.clamp(tiny, 1 - tiny)
        return -(real * probability.log() + (1 - real) * (-probability).log1p()).flatten(1).sum(1)
    errors = ((real - reconstruction) / deviation).square().flatten(1)
    return 0.5 * errors.sum(1) + errors.shape[1] * (math.log(deviation) + 0.5 * math.log(2 * math.pi))


@LOSSES.register(
    inputs="autoencoding", paper="Kingma & Welling 2014, arXiv:1312.6114, eq. 10; the baseline of Lucic et al. 2018, arXiv:1711.10337"
)
def vae(
    real: Tensor,
    fake: Tensor,
    *,
    mean: Tensor,
    log_variance: Tensor,
    beta: NonNegative = 1.0,
    deviation: Annotated[float, Gt(0)] | None = None,
) -> LossPair:
    """Reconstruction error plus beta KL(q(z|x) || N(0, I)), minimized by the encoder and the generator (as decoder) together.

    The prior is N(0, I), so the latent distribution must be normal. compare_gan's VAE averages the reconstruction over color
    channels, where the bound sums: for 3 channels its objective is a third of this one at beta = 3. Its networks differ too: ReLU in the
    decoder where the `infogan` generator has leaky ReLU, a standard deviation 1e-6 + softplus where the encoder here gives log variance.

    Args:
        real: [N, ...] samples, in [0, 1] for the Bernoulli likelihood.
        fake: [N, ...] their reconstructions from z ~ q(z|x).
        mean, log_variance: [N, latent] of q(z|x).
        beta: factor of the KL term.
        deviation: standard deviation of a Gaussian likelihood; None for the Bernoulli (cross entropy per pixel) of the sources.
    """
    # Sums over thousands of pixels: never in half precision.
    real, fake, mean, log_variance = map(at_least_float32, (real, fake, mean, log_variance))
    divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)
    return LossPair(d=None, g=negative_log_likelihood(real, fake, deviation) + beta * divergence)
