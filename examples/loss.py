"""A plugin with a loss in one function: the non-saturating loss on tempered logits."""

from torch import Tensor
from torch.nn.functional import softplus

from landscape.components.losses import LOSSES, LossPair
from landscape.core.registry import Positive


@LOSSES.register
def tempered(real: Tensor, fake: Tensor, *, temperature: Positive = 2.0) -> LossPair:
    """Non-saturating loss on tempered logits. `real` and `fake` are critic logits [N]; both results are [N], one value per sample."""
    return LossPair(d=softplus(-real / temperature) + softplus(fake / temperature), g=softplus(-fake / temperature))
