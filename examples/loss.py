"""A loss in one function: the non-saturating loss on tempered logits."""

from torch import Tensor
from torch.nn.functional import softplus

from landscape.components.losses import LOSSES, LossPair
from landscape.core.registry import Positive


@LOSSES.register
def tempered(real: Tensor, fake: Tensor, *, temperature: Positive = 2.0) -> LossPair:
    """The non-saturating loss on tempered logits. real, fake: critic logits [N]; returns two values a sample, each [N]."""
    return LossPair(d=softplus(-real / temperature) + softplus(fake / temperature), g=softplus(-fake / temperature))
