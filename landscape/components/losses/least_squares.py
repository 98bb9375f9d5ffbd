"""The least-squares loss on logits."""

from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair


@LOSSES.register(g_only=frozenset({"target"}), paper="Mao et al. 2017, arXiv:1611.04076, eqs. 2 and 9")
def least_squares(real: Tensor, fake: Tensor, *, real_label: float = 1.0, fake_label: float = 0.0, target: float = 1.0) -> LossPair:
    """Least squares on raw logits: D minimizes 1/2 (D(x) - b)^2 + 1/2 (D(G(z)) - a)^2, and G minimizes 1/2 (D(G(z)) - c)^2.

    The factor 1/2 of each term is the paper's. compare_gan's variant on sigmoid outputs is `least_squares_sigmoid`.

    Args:
        real, fake: Critic logits [N].
        real_label, fake_label, target: b, a and c. They are 1, 0, 1 in the paper's eq. 9, and 1, -1, 0 in its eq. 8 (Pearson chi-square).
    """
    d = 0.5 * ((real - real_label).square() + (fake - fake_label).square())
    return LossPair(d=d, g=0.5 * (fake - target).square(), boundary=(real_label + fake_label) / 2)
