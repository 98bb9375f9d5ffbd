"""The drift term of progressive GANs."""

from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.registry import NonNegative


@REGULARIZERS.register(site="d_term", paper="Karras et al. 2018, arXiv:1710.10196, appendix A.1")
def drift(critique: Critique, *, weight: NonNegative = 1e-3) -> Tensor:
    """Drift: penalty weight D(x)^2 at real samples, which keeps the outputs of a Wasserstein critic near zero.

    The Wasserstein loss depends on differences of D's outputs only, so nothing else keeps all of them from moving away together.

    Args:
        critique: D's view of the batch.
        weight: The weight epsilon, 0.001 in the paper.

    Returns:
        The penalty of each sample [N].
    """
    return weight * critique.real_output.logit.square()
