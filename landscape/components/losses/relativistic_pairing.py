"""Relativistic pairing loss."""

from torch import Tensor
from torch.nn.functional import softplus

from landscape.components.losses._base import LOSSES, LossPair


@LOSSES.register(
    g_needs_real=True,
    paper="Jolicoeur-Martineau 2018, arXiv:1807.00734, RSGAN; R3GAN, Huang et al. 2024, arXiv:2501.05441",
)
def relativistic_pairing(real: Tensor, fake: Tensor) -> LossPair:
    """Each real sample is judged against one fake: D minimizes softplus(-(D(x) - D(G(z)))), G softplus(-(D(G(z)) - D(x))).

    Args:
        real, fake: critic logits [N], as many of both: the i-th real is paired with the i-th fake.
    """
    difference = real - fake
    return LossPair(d=softplus(-difference), g=softplus(difference), boundary=None)
