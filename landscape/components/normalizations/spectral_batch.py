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
    """Every kernel spectrally normalized (`spectral`), a batch norm after its layer (`batch`).

    A batch norm undoes any scale of the kernel before it, so the two differ from `batch` alone only in layers that no norm follows
    (the first and the last of most networks) and through epsilon.

    Args:
        iterations: power iterations per training forward.
        momentum: of the batch norm's moving averages.
        epsilon: added to the variance by the batch norm.
    """
    return Normalization(wrap=spectral(iterations=iterations).wrap, follow=batch(momentum=momentum, epsilon=epsilon).follow)
