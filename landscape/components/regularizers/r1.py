"""R1, the zero-centered gradient penalty at real samples."""

from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.components.regularizers._zero_centered import annealed, squared_slope
from landscape.core.registry import NonNegative, Share


@REGULARIZERS.register(site="d_term", revision=2, paper="Mescheder et al. 2018, arXiv:1801.04406, eq. 9")
def r1(critique: Critique, *, gamma: NonNegative = 10.0, final: NonNegative | None = None, end: Share = 1.0) -> Tensor:
    """R1: gamma/2 |grad D(x)|^2 at real samples, summed over the coordinates of a sample.

    Slopes refer to the samples as the data set gives them, with images in [0, 1] as in compare_gan. For a source with images in [-1, 1],
    the same D has half the slope, so that its gamma corresponds to gamma / 4 here.

    Args:
        critique: D's view of the batch.
        gamma: The weight, 10 in the paper. The factor 1/2 belongs to the penalty, not to gamma.
        final: The value that gamma reaches along half a cosine (R3GAN's burn-in). With None, gamma is constant.
        end: The share of the budget at which gamma reaches `final`.

    Returns:
        The penalty of each sample [N].
    """
    return 0.5 * annealed(gamma, final, end, critique.progress) * squared_slope(critique, critique.real)
