"""R1: zero-centered gradient penalty at real samples."""

from torch import Tensor

from landscape.registry import NonNegative
from landscape.regularizers._base import REGULARIZERS, Critique
from landscape.regularizers._zero_centered import squared_slope


@REGULARIZERS.register(site="d_term", revision=2, paper="Mescheder et al. 2018, arXiv:1801.04406, eq. 9")
def r1(critique: Critique, *, gamma: NonNegative = 10.0) -> Tensor:
    """gamma/2 |grad D(x)|^2 at real samples, summed over a sample's coordinates.

    Slopes are taken in the samples as the data set gives them, images in [0, 1] as in compare_gan. In a source with images in [-1, 1] the
    same D has half the slope: its gamma is gamma / 4 here.

    Args:
        critique: D's look at the batch.
        gamma: 10 in the paper; the factor 1/2 belongs to the penalty, not to gamma.

    Returns:
        Per-sample penalty [N].
    """
    return 0.5 * gamma * squared_slope(critique, critique.real)
