"""The relativistic average loss."""

from torch import Tensor
from torch.nn.functional import softplus

from landscape.components.losses._base import LOSSES, LossPair


@LOSSES.register(only_differences=True, g_needs_real=True, paper="Jolicoeur-Martineau 2018, arXiv:1807.00734, RaSGAN")
def relativistic_average(real: Tensor, fake: Tensor) -> LossPair:
    """Relativistic average: each sample is compared with the average of the other kind. The two terms are summed, not halved.

    D minimizes softplus(-(D(x) - mean D(G(z)))) + softplus(D(G(z)) - mean D(x)). G minimizes the same with real and generated samples
    exchanged. In `g` the term of the real samples enters as its average, so that G's batch may have another size than D's.

    Args:
        real [N], fake [M]: Critic logits, with N = M where `d` is used.
    """
    real_above = real - fake.mean()
    fake_above = fake - real.mean()
    g = softplus(-fake_above) + softplus(real_above).mean()
    if len(real) != len(fake):
        return LossPair(d=softplus(-real_above).mean() + softplus(fake_above).mean(), g=g, boundary=None)
    return LossPair(d=softplus(-real_above) + softplus(fake_above), g=g, boundary=None)
