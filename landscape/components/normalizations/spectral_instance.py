"""Spectral and instance normalization together."""

from landscape.components.normalizations._base import NORMALIZATIONS, Normalization
from landscape.components.normalizations.instance import instance
from landscape.components.normalizations.spectral import spectral
from landscape.core.registry import Positive, PositiveInt


@NORMALIZATIONS.register(wraps=True, follows=True, paper="Miyato et al. 2018, arXiv:1802.05957; Ulyanov et al. 2016, arXiv:1607.08022")
def spectral_instance(*, iterations: PositiveInt = 1, epsilon: Positive = 1e-5) -> Normalization:
    """Every kernel spectrally normalized (`spectral`), an instance norm after its layer (`instance`). Undefined on flat vectors.

    An instance norm undoes any scale of the kernel before it, so the two differ from `instance` alone only in layers that no norm
    follows (the first and the last of most networks) and through epsilon.

    Args:
        iterations: power iterations per training forward.
        epsilon: added to the variance by the instance norm.
    """
    return Normalization(wrap=spectral(iterations=iterations).wrap, follow=instance(epsilon=epsilon).follow)
