"""No normalization."""

from landscape.components.normalizations._base import NORMALIZATIONS, Normalization


@NORMALIZATIONS.register
def none() -> Normalization:
    """Layers as they are, nothing after them."""
    return Normalization()
