"""The negative evidence lower bound of the variational autoencoder."""

import math
from typing import Annotated

import torch
from annotated_types import Gt
from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair
from landscape.components.numerics.precision import at_least_float32
from landscape.core.registry import NonNegative


def negative_log_likelihood(real: Tensor, reconstruction: Tensor, deviation: float | None) -> Tensor:
    """Return -log p(x | z) of each sample, summed over pixels: [N, ...] -> [N].

    Args:
        real: Samples [N, ...].
        reconstruction: Their reconstructions [N, ...].
        deviation: The standard deviation of a Gaussian likelihood, or None for the Bernoulli likelihood of values in [0, 1].
    """
    if deviation is None:
        tiny = torch.finfo(torch.float32).eps  # Without a bound, a saturated output that is wrong would make the loss infinite.
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
    """Variational autoencoder: encoder and generator minimize the reconstruction error plus beta KL(q(z|x) || N(0, I)).

    The generator is the decoder. The prior is N(0, I), so the latent distribution must be normal. compare_gan's VAE averages the
    reconstruction error over color channels, where the bound sums: for 3 channels its objective is a third of this one at beta = 3. Its
    networks differ too. Its decoder has ReLU where the `infogan` generator has leaky ReLU, and its encoder gives a standard deviation 1e-6
    + softplus where the encoder here gives a log variance.

    Args:
        real: Samples [N, ...], in [0, 1] for the Bernoulli likelihood.
        fake: Their reconstructions [N, ...] from z ~ q(z|x).
        mean, log_variance: Parameters [N, latent] of q(z|x).
        beta: The factor of the KL term.
        deviation: The standard deviation of a Gaussian likelihood, or None for the Bernoulli likelihood of the sources (cross entropy per
            pixel).
    """
    # The sums run over thousands of pixels, so they are never computed in half precision.
    real, fake, mean, log_variance = map(at_least_float32, (real, fake, mean, log_variance))
    divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)
    return LossPair(d=None, g=negative_log_likelihood(real, fake, deviation) + beta * divergence)
