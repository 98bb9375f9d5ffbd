"""Wasserstein loss."""

from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair


@LOSSES.register(paper="Arjovsky et al. 2017, arXiv:1701.07875, eqs. 2 and 3")
def wasserstein(real: Tensor, fake: Tensor) -> LossPair:
    """Critic loss of the Wasserstein GAN: D minimizes D(G(z)) - D(x), G minimizes -D(G(z)) (looking ahead, D(x) - D(G(z))).

    Nothing here keeps the critic Lipschitz: that takes `weight_clipping` (the paper), `gradient_penalty` or `spectral`. As in the
    Landscape study it may stand without any of them.

    Args:
        real, fake: critic outputs [N].
    """
    return LossPair(d=fake - real, g=-fake, g_ahead=real - fake, boundary=None)
