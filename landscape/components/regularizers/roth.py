"""The Jensen-Shannon regularizer of Roth et al."""

from torch import Tensor

from landscape.components.numerics.input_gradients import input_gradient
from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.registry import NonNegative


def weighted_squared_slope(critique: Critique, points: Tensor, sign: float) -> Tensor:
    """Return sigmoid(sign * logit)^2 |grad logit|^2 of each point: [N, ...] -> [N]."""
    gradient, logit = input_gradient(lambda x: critique.critic(x).logit, points)
    return (sign * logit).sigmoid().square() * gradient.square().flatten(1).sum(1)


@REGULARIZERS.register(
    site="d_term", needs_logits=True, revision=2, paper="Roth et al. 2017, arXiv:1705.09367, the Jensen-Shannon regularizer"
)
def roth(critique: Critique, *, gamma: NonNegative = 0.1, final: NonNegative | None = None) -> Tensor:
    """Roth: gamma/2 ((1 - s(D(x)))^2 |grad D(x)|^2 + s(D(G(z)))^2 |grad D(G(z))|^2), with s the sigmoid and D the logit.

    To first order this is training with input noise of variance gamma. The gradient also passes through the factors s. Slopes refer to the
    samples as the data set gives them, with images in [0, 1] as in compare_gan. For a source with images in [-1, 1], the same D has half
    the slope, so that its gamma corresponds to gamma / 4 here.

    Args:
        critique: D's view of the batch. Its outputs are read as logits.
        gamma: The noise variance. The factor 1/2 belongs to the penalty, not to gamma.
        final: The value that gamma reaches at the end of training, exponentially in the share of the budget spent. With None, gamma is
            constant.

    Returns:
        The penalty of each sample [N].
    """
    penalty = weighted_squared_slope(critique, critique.real, -1.0) + weighted_squared_slope(critique, critique.fake, 1.0)
    if final is None or gamma == 0:
        return 0.5 * gamma * penalty
    return 0.5 * gamma * (final / gamma) ** critique.progress * penalty
