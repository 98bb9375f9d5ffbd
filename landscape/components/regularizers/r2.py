"""R2: zero-centered gradient penalty at generated samples."""

from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.components.regularizers._zero_centered import annealed, squared_slope
from landscape.core.registry import NonNegative, Share


@REGULARIZERS.register(site="d_term", revision=2, paper="Mescheder et al. 2018, arXiv:1801.04406, eq. 10")
def r2(critique: Critique, *, gamma: NonNegative = 10.0, final: NonNegative | None = None, end: Share = 1.0) -> Tensor:
    """gamma/2 |grad D(G(z))|^2 at generated samples, summed over a sample's coordinates.

    Slopes are taken in the samples as the data set gives them, images in [0, 1] as in compare_gan. In a source with images in [-1, 1] the
    same D has half the slope: its gamma is gamma / 4 here.

    Args:
        critique: D's look at the batch.
        gamma: 10 in the paper; the factor 1/2 belongs to the penalty, not to gamma.
        final: where gamma goes along half a cosine (R3GAN's burn-in); None: constant.
        end: share of the budget at which it is there.

    Returns:
        Per-sample penalty [N].
    """
    return 0.5 * annealed(gamma, final, end, critique.progress) * squared_slope(critique, critique.fake)
