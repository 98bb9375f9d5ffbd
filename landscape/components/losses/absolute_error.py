"""Absolute-error game."""

from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair


@LOSSES.register(paper="The game E = 1/2 E_real[1 - D] + 1/2 E_fake[D] with D in [0, 1]; D minimizes its error rate, G maximizes it")
def absolute_error(real: Tensor, fake: Tensor) -> LossPair:
    """D's expected absolute error on labels 1 and 0, with D = sigmoid(logit): D minimizes it, G maximizes it.

    D minimizes 1/2 (1 - s(l_real)) + 1/2 s(l_fake); G minimizes -1/2 s(l_fake), the only part of it that depends on G
    (looking ahead of D, all of it). The best D is the indicator of p_real >= p_fake, so E there is half of one minus their total
    variation distance; at p_fake = p_real, E = 1/2.

    Args:
        real, fake: critic logits [N].
    """
    real, fake = real.sigmoid(), fake.sigmoid()
    cost = 0.5 * (1 - real) + 0.5 * fake
    return LossPair(d=cost, g=-0.5 * fake, g_ahead=-cost)
