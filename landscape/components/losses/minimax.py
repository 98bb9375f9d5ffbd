"""Minimax (saturating) loss."""

from torch import Tensor
from torch.nn.functional import softplus

from landscape.components.losses._base import LOSSES, LossPair
from landscape.core.registry import Positive


@LOSSES.register(paper="Goodfellow et al. 2014, arXiv:1406.2661, eq. 1")
def minimax(real: Tensor, fake: Tensor, *, d_factor: Positive = 1.0) -> LossPair:
    """The 2014 zero-sum game: G minimizes log(1 - D(G(z))), the very term that D maximizes; it saturates where D is sure.

    With logits l: D minimizes d_factor (softplus(-l_real) + softplus(l_fake)), G minimizes -softplus(l_fake); looking ahead of D
    (`unrolled`) it minimizes the whole value -softplus(-l_real) - softplus(l_fake), as Metz et al. 2017 do.

    Args:
        real, fake: critic logits [N]; the label of real is 1, that of fake 0.
        d_factor: factor of D's loss; the 2014 code averages its two terms (0.5), which changes the step of SGD but hardly that of Adam.
    """
    cost = softplus(-real) + softplus(fake)
    return LossPair(d=d_factor * cost, g=-softplus(fake), g_ahead=-cost)
