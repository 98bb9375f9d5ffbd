"""Non-saturating loss."""

from torch import Tensor
from torch.nn.functional import softplus

from landscape.losses._base import LOSSES, LossPair


@LOSSES.register(paper="Goodfellow et al. 2014, arXiv:1406.2661, section 3")
def non_saturating(real: Tensor, fake: Tensor) -> LossPair:
    """The 2014 game with the generator's alternative objective: G maximizes log D(G(z)) instead of minimizing log(1 - D(G(z))).

    With logits l: D minimizes softplus(-l_real) + softplus(l_fake), G minimizes softplus(-l_fake).

    Args:
        real, fake: critic logits [N].
    """
    return LossPair(d=softplus(-real) + softplus(fake), g=softplus(-fake))
