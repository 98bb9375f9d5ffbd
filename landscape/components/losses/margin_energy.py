"""The margin loss of EBGAN."""

from torch import Tensor
from torch.nn.functional import relu

from landscape.components.losses._base import LOSSES, LossPair
from landscape.core.registry import Positive


@LOSSES.register(inputs="energies", paper="Zhao et al. 2017, arXiv:1609.03126, eqs. 1 and 2")
def margin_energy(real: Tensor, fake: Tensor, *, margin: Positive = 10.0) -> LossPair:
    """EBGAN's margin loss: D minimizes E(x) + relu(m - E(G(z))), and G minimizes E(G(z)).

    D gives low energies to the data and raises those of generated samples up to the margin m. The loss reports `margin_active`, the share
    of generated samples below the margin. If it stays at 0 or 1, the margin has no effect, for example because the energy cannot reach it
    (a mean over pixels of values in [0, 1] is at most 1).

    Args:
        real, fake: Energies [N] >= 0.
        margin: The margin m in the units of the energy. It is 10 in the paper's MNIST grid, where the energy is a norm of the whole sample.
    """
    active = (fake.detach() < margin).float().mean()
    return LossPair(d=real + relu(margin - fake), g=fake, report={"margin_active": active})
