"""Spectral and layer normalization together."""

from landscape.components.normalizations._base import NORMALIZATIONS, Normalization
from landscape.components.normalizations.layer import layer
from landscape.components.normalizations.spectral import spectral
from landscape.core.registry import Positive, PositiveInt


@NORMALIZATIONS.register(wraps=True, follows=True, paper="Kurach et al. 2019, arXiv:1807.04720; compare_gan's ResNet discriminators")
def spectral_layer(*, iterations: PositiveInt = 1, epsilon: Positive = 1e-5) -> Normalization:
    """Normalizes every kernel spectrally (`spectral`) and puts a layer norm after its layer (`layer`).

    Args:
        iterations: The number of power iterations per training forward pass.
        epsilon: A number that the layer norm adds to the variance.
    """
    return Normalization(wrap=spectral(iterations=iterations).wrap, follow=layer(epsilon=epsilon).follow)
