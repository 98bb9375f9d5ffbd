"""R1 and R2 together."""

from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.components.regularizers._zero_centered import annealed, squared_slope
from landscape.core.registry import NonNegative, Share


@REGULARIZERS.register(site="d_term", revision=2, paper="Huang et al. 2024 (R3GAN), arXiv:2501.05441")
def r1_r2(critique: Critique, *, gamma: NonNegative = 1.0, final: NonNegative | None = None, end: Share = 1.0) -> Tensor:
    """gamma/2 (|grad D(x)|^2 + |grad D(G(z))|^2): one weight for both, at real and at generated samples.

    Two calls of D, so that its batch norm, if it has one, does not mix real with fake.

    Slopes are taken in the samples as the data set gives them, images in [0, 1] as in compare_gan. In a source with images in [-1, 1] the
    same D has half the slope: its gamma (R3GAN's too) is gamma / 4 here.

    Args:
        critique: D's look at the batch.
        gamma: the factor 1/2 belongs to the penalty, not to gamma; R3GAN's falls from 1 to 0.1 on Stacked MNIST.
        final: where gamma goes along half a cosine (R3GAN's burn-in); None: constant.
        end: share of the budget at which it is there.

    Returns:
        Per-sample penalty [N].
    """
    return (
        0.5
        * annealed(gamma, final, end, critique.progress)
        * (squared_slope(critique, critique.real) + squared_slope(critique, critique.fake))
    )
