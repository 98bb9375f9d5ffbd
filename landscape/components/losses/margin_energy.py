"""Margin loss of EBGAN."""

from torch import Tensor
from torch.nn.functional import relu

from landscape.components.losses._base import LOSSES, LossPair
from landscape.core.registry import Positive


@LOSSES.register(inputs="energies", paper="Zhao et al. 2017, arXiv:1609.03126, eqs. 1 and 2")
def margin_energy(real: Tensor, fake: Tensor, *, margin: Positive = 10.0) -> LossPair:
    """D gives low energy to data and pushes that of fakes up to the margin m: it minimizes E(x) + relu(m - E(G(z))), G minimizes E(G(z)).

    Reports `margin_active`, the share of fakes below the margin: at 0 or 1 throughout, the margin does not bind, as with a margin
    that the energy cannot reach (a mean over pixels of values in [0, 1] is at most 1).

    Args:
        real, fake: energies [N] >= 0.
        margin: m, in the units of the energy; 10 in the paper's MNIST grid, where the energy is a sample's norm.
    """
    active = (fake.detach() < margin).float().mean()
    return LossPair(d=real + relu(margin - fake), g=fake, report={"margin_active": active})
