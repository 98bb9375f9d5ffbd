"""Boundary equilibrium loss of BEGAN."""

from collections.abc import Mapping

from torch import Tensor

from landscape.components.losses._base import LOSSES, LossPair
from landscape.core.registry import Fraction, Positive


@LOSSES.register(inputs="energies", state={"k": 0.0}, paper="Berthelot et al. 2017, arXiv:1703.10717, section 3.4")
def began(
    real: Tensor, fake: Tensor, *, state: Mapping[str, Tensor], gamma: Fraction = 0.5, gain: Positive = 1e-3, clamp: bool = True
) -> LossPair:
    """D minimizes E(x) - k E(G(z)), G minimizes E(G(z)); k steers the ratio of the energies to gamma.

    k <- k + gain (gamma mean E(x) - mean E(G(z))), from k = 0, after each step of D. Reports the convergence measure
    mean E(x) + |gamma mean E(x) - mean E(G(z))| and k.

    Args:
        real, fake: energies [N] >= 0; in the sources the mean absolute error per pixel.
        state: k.
        gamma: diversity ratio, 0.3 to 0.7 in the paper; searched over [0, 1] in "Are GANs Created Equal?" (default there 0.75).
        gain: lambda of k's update.
        clamp: keep k in [0, 1], as in the paper; compare_gan lets it run.
    """
    k = state["k"]
    mean_real, mean_fake = real.detach().mean(), fake.detach().mean()
    imbalance = gamma * mean_real - mean_fake
    updated = k + gain * imbalance
    if clamp:
        updated = updated.clamp(0, 1)
    report = {"convergence": mean_real + imbalance.abs(), "k": k.detach().clone()}
    return LossPair(d=real - k * fake, g=fake, state={"k": updated}, report=report)
