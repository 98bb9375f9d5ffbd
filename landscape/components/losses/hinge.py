"""The hinge loss."""

from torch import Tensor
from torch.nn.functional import relu

from landscape.components.losses._base import LOSSES, LossPair
from landscape.core.registry import Positive


@LOSSES.register(paper="Lim & Ye 2017, arXiv:1705.02894; SNGAN, Miyato et al. 2018, eqs. 16 and 17")
def hinge(real: Tensor, fake: Tensor, *, margin: Positive = 1.0) -> LossPair:
    """Hinge loss on critic logits: D minimizes relu(m - D(x)) + relu(m + D(G(z))), and G minimizes -D(G(z)).

    Args:
        real, fake: Critic logits [N].
        margin: The margin m, which is 1 in the sources.
    """
    return LossPair(d=relu(margin - real) + relu(margin + fake), g=-fake)
