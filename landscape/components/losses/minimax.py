"""The minimax (saturating) loss."""

from torch import Tensor
from torch.nn.functional import softplus

from landscape.components.losses._base import LOSSES, LossPair
from landscape.core.registry import Positive


@LOSSES.register(d_is_that_of="non_saturating", paper="Goodfellow et al. 2014, arXiv:1406.2661, eq. 1")
def minimax(real: Tensor, fake: Tensor, *, d_factor: Positive = 1.0) -> LossPair:
    """The zero-sum game of 2014: G minimizes log(1 - D(G(z))), the term that D maximizes. It saturates where D is certain.

    With logits l, D minimizes d_factor (softplus(-l_real) + softplus(l_fake)), and G minimizes -softplus(l_fake). If G looks ahead at D's
    updates (`unrolled`), it minimizes the whole value -softplus(-l_real) - softplus(l_fake), as Metz et al. 2017 do.

    Args:
        real, fake: Critic logits [N]. The label of real samples is 1, that of generated ones 0.
        d_factor: The factor of D's loss. The 2014 code averages the two terms (0.5), which changes the steps of SGD but hardly those of
            Adam.
    """
    cost = softplus(-real) + softplus(fake)
    return LossPair(d=d_factor * cost, g=-softplus(fake), g_ahead=-cost)
