"""A plugin with a regularizer that adds a term to D's loss: it penalizes large logits."""

from torch import Tensor

from landscape.components.regularizers import REGULARIZERS, Critique
from landscape.core.registry import NonNegative


@REGULARIZERS.register(site="d_term")
def logit_size(critique: Critique, *, weight: NonNegative = 0.001) -> Tensor:
    """Penalty weight/2 (D(x)^2 + D(G(z))^2), one value per sample [N]."""
    real, fake = critique.real_output.logit, critique.fake_output.logit
    return weight / 2 * (real.square() + fake.square())
