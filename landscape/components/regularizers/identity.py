"""The identity term of unpaired translation."""

from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.errors import UserError
from landscape.core.registry import NonNegative


@REGULARIZERS.register(
    site="g_term", needs_images=True, needs_translation=True, paper="Zhu et al. 2017, arXiv:1703.10593, section 5.2; Taigman et al. 2017"
)
def identity(critique: Critique, *, weight: NonNegative = 5.0) -> Tensor:
    """Identity term: each generator lowers the mean absolute difference between a picture of its target set and what it makes of it.

    It is called for each of the two directions, and both terms are added: |G(b) - b| + |F(a) - a|. Differences refer to images in [0, 1].
    The source takes them in [-1, 1], where they are twice as large, so that its weight of 0.5 * 10 is 10 here.

    Args:
        critique: The generator of one direction, and pictures of the set into which it translates.
        weight: The weight.

    Returns:
        The term of each picture [N] in this direction.

    Raises:
        UserError: No generator translates pictures of one set into another.
    """
    way = critique.translation
    if way is None:
        raise UserError("identity needs a generator between two sets of pictures: choose a task with a two-way game (unpaired)")
    return weight * (way.there(way.wanted) - way.wanted).flatten(1).abs().mean(1)
