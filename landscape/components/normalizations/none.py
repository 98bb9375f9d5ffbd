"""No normalization."""

from landscape.components.normalizations._base import NORMALIZATIONS, Normalization


@NORMALIZATIONS.register
def none() -> Normalization:
    """Leaves all layers as they are and puts nothing after them."""
    return Normalization()
