"""The absolute-error game."""

from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair


@LOSSES.register(paper="The game E = 1/2 E_real[1 - D] + 1/2 E_fake[D] with D in [0, 1]; D minimizes its error rate, G maximizes it")
def absolute_error(real: Tensor, fake: Tensor) -> LossPair:
    """D's expected absolute error on labels 1 and 0, with D = sigmoid(logit). D minimizes it and G maximizes it.

    With s the sigmoid, D minimizes 1/2 (1 - s(l_real)) + 1/2 s(l_fake). G minimizes -1/2 s(l_fake), the only part that depends on G, or the
    whole negative error if it looks ahead at D's updates. The best D is the indicator of p_real >= p_fake. With it the error E is half of
    (one minus the total variation distance), and E = 1/2 at p_fake = p_real.

    Args:
        real, fake: Critic logits [N].
    """
    real, fake = real.sigmoid(), fake.sigmoid()
    cost = 0.5 * (1 - real) + 0.5 * fake
    return LossPair(d=cost, g=-0.5 * fake, g_ahead=-cost)
