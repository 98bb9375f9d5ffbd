"""The least-squares loss on sigmoid outputs."""

from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair


@LOSSES.register(paper="Mao et al. 2017, arXiv:1611.04076, eq. 9, as compare_gan computes it (the Landscape study's LSGAN)")
def least_squares_sigmoid(real: Tensor, fake: Tensor) -> LossPair:
    """Least squares on sigmoid(logit), each term with the factor 1/2, as compare_gan computes it.

    With s the sigmoid, D minimizes 1/2 (s(D(x)) - 1)^2 + 1/2 s(D(G(z)))^2, and G minimizes 1/2 (s(D(G(z))) - 1)^2. Unlike the paper's loss
    on logits, it saturates where D is certain.

    Args:
        real, fake: Critic logits [N].
    """
    real, fake = real.sigmoid(), fake.sigmoid()
    return LossPair(d=0.5 * ((real - 1).square() + fake.square()), g=0.5 * (fake - 1).square())
