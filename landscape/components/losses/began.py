"""The boundary equilibrium loss of BEGAN."""

from collections.abc import Mapping

from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair
from landscape.core.registry import Fraction, Positive


@LOSSES.register(inputs="energies", state={"k": 0.0}, paper="Berthelot et al. 2017, arXiv:1703.10717, section 3.4")
def began(
    real: Tensor, fake: Tensor, *, state: Mapping[str, Tensor], gamma: Fraction = 0.5, gain: Positive = 1e-3, clamp: bool = True
) -> LossPair:
    """BEGAN: D minimizes E(x) - k E(G(z)) and G minimizes E(G(z)), where k steers the ratio of the energies to gamma.

    k starts at 0. After each step of D it becomes k + gain (gamma mean E(x) - mean E(G(z))). The loss reports k and the convergence measure
    mean E(x) + |gamma mean E(x) - mean E(G(z))|.

    Args:
        real, fake: Energies [N] >= 0. In the sources they are mean absolute errors per pixel.
        state: Holds k.
        gamma: The diversity ratio. It is 0.3 to 0.7 in the paper; "Are GANs Created Equal?" searches [0, 1] with the default 0.75.
        gain: The factor lambda in k's update.
        clamp: Whether k is kept in [0, 1], as in the paper. compare_gan does not restrict it.
    """
    k = state["k"]
    mean_real, mean_fake = real.detach().mean(), fake.detach().mean()
    imbalance = gamma * mean_real - mean_fake
    updated = k + gain * imbalance
    if clamp:
        updated = updated.clamp(0, 1)
    report = {"convergence": mean_real + imbalance.abs(), "k": k.detach().clone()}
    return LossPair(d=real - k * fake, g=fake, state={"k": updated}, report=report)
