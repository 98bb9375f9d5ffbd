"""Spectral and instance normalization together."""

from landscape.components.normalizations._base import NORMALIZATIONS, Normalization
from landscape.components.normalizations.instance import instance
from landscape.components.normalizations.spectral import spectral
from landscape.core.registry import Positive, PositiveInt


@NORMALIZATIONS.register(wraps=True, follows=True, paper="Miyato et al. 2018, arXiv:1802.05957; Ulyanov et al. 2016, arXiv:1607.08022")
def spectral_instance(*, iterations: PositiveInt = 1, epsilon: Positive = 1e-5) -> Normalization:
    """Normalizes every kernel spectrally (`spectral`) and puts an instance norm after its layer (`instance`).

    An instance norm undoes any scale of the kernel before it. The result therefore differs from `instance` alone only in layers that no
    norm follows (the first and the last of most networks) and through epsilon. It is undefined on flat vectors.

    Args:
        iterations: The number of power iterations per training forward pass.
        epsilon: A number that the instance norm adds to the variance.
    """
    return Normalization(wrap=spectral(iterations=iterations).wrap, follow=instance(epsilon=epsilon).follow)
