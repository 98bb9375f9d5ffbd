"""The relativistic pairing loss."""

from torch import Tensor
from torch.nn.functional import softplus

from landscape.components.losses._base import LOSSES, LossPair


@LOSSES.register(
    only_differences=True,
    g_needs_real=True,
    paper="Jolicoeur-Martineau 2018, arXiv:1807.00734, RSGAN; R3GAN, Huang et al. 2024, arXiv:2501.05441",
)
def relativistic_pairing(real: Tensor, fake: Tensor) -> LossPair:
    """Relativistic pairing: D minimizes softplus(-(D(x) - D(G(z)))), and G minimizes softplus(-(D(G(z)) - D(x))).

    Each real sample is compared with one generated sample: the i-th with the i-th.

    Args:
        real, fake: Critic logits [N], equally many of both.
    """
    difference = real - fake
    return LossPair(d=softplus(-difference), g=softplus(difference), boundary=None)
