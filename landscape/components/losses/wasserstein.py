"""The Wasserstein loss."""

from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair


@LOSSES.register(only_differences=True, paper="Arjovsky et al. 2017, arXiv:1701.07875, eqs. 2 and 3")
def wasserstein(real: Tensor, fake: Tensor) -> LossPair:
    """Critic loss of the Wasserstein GAN: D minimizes D(G(z)) - D(x), and G minimizes -D(G(z)).

    If G looks ahead at D's updates, it minimizes D(x) - D(G(z)). Nothing in this loss keeps the critic Lipschitz continuous. That takes
    `weight_clipping` (as in the paper), `gradient_penalty` or `spectral`. It may also be used without any of them, as in the Landscape
    study.

    Args:
        real, fake: Critic outputs [N].
    """
    return LossPair(d=fake - real, g=-fake, g_ahead=real - fake, boundary=None)
