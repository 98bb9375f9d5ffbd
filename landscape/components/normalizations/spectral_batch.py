"""Spectral and batch normalization together."""

from landscape.components.normalizations._base import NORMALIZATIONS, Normalization
from landscape.components.normalizations.batch import batch
from landscape.components.normalizations.spectral import spectral
from landscape.core.registry import Fraction, Positive, PositiveInt


@NORMALIZATIONS.register(
    wraps=True,
    follows=True,
    couples_samples=True,
    paper="Zhang et al. 2019, arXiv:1805.08318 (SAGAN's generator); compare_gan's G.spectral_norm",
)
def spectral_batch(*, iterations: PositiveInt = 1, momentum: Fraction = 0.1, epsilon: Positive = 1e-5) -> Normalization:
    """Normalizes every kernel spectrally (`spectral`) and puts a batch norm after its layer (`batch`).

    A batch norm undoes any scale of the kernel before it. The result therefore differs from `batch` alone only in layers that no norm
    follows (the first and the last of most networks) and through epsilon.

    Args:
        iterations: The number of power iterations per training forward pass.
        momentum: The share of a batch's statistics in the batch norm's moving averages.
        epsilon: A number that the batch norm adds to the variance.
    """
    return Normalization(wrap=spectral(iterations=iterations).wrap, follow=batch(momentum=momentum, epsilon=epsilon).follow)
