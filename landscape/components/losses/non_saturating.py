"""The non-saturating loss."""

from torch import Tensor
from torch.nn.functional import softplus

from landscape.components.losses._base import LOSSES, LossPair
from landscape.core.registry import Positive


@LOSSES.register(paper="Goodfellow et al. 2014, arXiv:1406.2661, section 3")
def non_saturating(real: Tensor, fake: Tensor, *, d_factor: Positive = 1.0) -> LossPair:
    """The 2014 game with the generator's alternative objective: G maximizes log D(G(z)) instead of minimizing log(1 - D(G(z))).

    With logits l, D minimizes d_factor (softplus(-l_real) + softplus(l_fake)), and G minimizes softplus(-l_fake).

    Args:
        real, fake: Critic logits [N]. The label of real samples is 1, that of generated ones 0.
        d_factor: The factor of D's loss. The 2014 code averages the two terms (0.5), which changes the steps of SGD but hardly those of
            Adam.
    """
    return LossPair(d=d_factor * (softplus(-real) + softplus(fake)), g=softplus(-fake))
