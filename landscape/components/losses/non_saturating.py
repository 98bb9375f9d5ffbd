"""Non-saturating loss."""

from torch import Tensor
from torch.nn.functional import softplus

from landscape.components.losses._base import LOSSES, LossPair
from landscape.core.registry import Positive


@LOSSES.register(paper="Goodfellow et al. 2014, arXiv:1406.2661, section 3")
def non_saturating(real: Tensor, fake: Tensor, *, d_factor: Positive = 1.0) -> LossPair:
    """The 2014 game with the generator's alternative objective: G maximizes log D(G(z)) instead of minimizing log(1 - D(G(z))).

    With logits l: D minimizes d_factor (softplus(-l_real) + softplus(l_fake)), G minimizes softplus(-l_fake).

    Args:
        real, fake: critic logits [N]; the label of real is 1, that of fake 0.
        d_factor: factor of D's loss; the 2014 code averages its two terms (0.5), which changes the step of SGD but hardly that of Adam.
    """
    return LossPair(d=d_factor * (softplus(-real) + softplus(fake)), g=softplus(-fake))
