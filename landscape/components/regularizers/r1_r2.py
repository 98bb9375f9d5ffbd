"""R1 and R2 together."""

from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.components.regularizers._zero_centered import annealed, squared_slope
from landscape.core.registry import NonNegative, Share


@REGULARIZERS.register(site="d_term", revision=2, paper="Huang et al. 2024 (R3GAN), arXiv:2501.05441")
def r1_r2(critique: Critique, *, gamma: NonNegative = 1.0, final: NonNegative | None = None, end: Share = 1.0) -> Tensor:
    """R1 + R2: gamma/2 (|grad D(x)|^2 + |grad D(G(z))|^2), with one weight for real and generated samples.

    D is called twice, so that its batch norm, if it has one, does not mix real and generated samples. Slopes refer to the samples as the
    data set gives them, with images in [0, 1] as in compare_gan. For a source with images in [-1, 1] (R3GAN is one), the same D has half
    the slope, so that its gamma corresponds to gamma / 4 here.

    Args:
        critique: D's view of the batch.
        gamma: The weight. The factor 1/2 belongs to the penalty, not to gamma. R3GAN's gamma falls from 1 to 0.1 on Stacked MNIST.
        final: The value that gamma reaches along half a cosine (R3GAN's burn-in). With None, gamma is constant.
        end: The share of the budget at which gamma reaches `final`.

    Returns:
        The penalty of each sample [N].
    """
    return (
        0.5
        * annealed(gamma, final, end, critique.progress)
        * (squared_slope(critique, critique.real) + squared_slope(critique, critique.fake))
    )
