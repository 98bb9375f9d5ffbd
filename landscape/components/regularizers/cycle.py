"""Cycle consistency."""

from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.errors import UserError
from landscape.core.registry import NonNegative


@REGULARIZERS.register(site="g_term", needs_images=True, needs_translation=True, paper="Zhu et al. 2017, arXiv:1703.10593, equation 2")
def cycle(critique: Critique, *, weight: NonNegative = 10.0) -> Tensor:
    """Cycle term: both generators lower the mean absolute difference between a picture and its translation there and back.

    It is called for each of the two directions, and both terms are added: |F(G(a)) - a| + |G(F(b)) - b|. Differences refer to images in
    [0, 1]. The source takes them in [-1, 1], where they are twice as large, so that its weight of 10 is 20 here.

    Args:
        critique: The pictures that one generator was given, what it made of them, and the other generator.
        weight: The weight lambda.

    Returns:
        The term of each picture [N] in this direction.

    Raises:
        UserError: There is no generator that translates back.
    """
    way = critique.translation
    if critique.made is None or way is None:
        raise UserError("cycle needs a generator that translates back: choose a task with a two-way game (unpaired)")
    return weight * (way.back(critique.made) - way.given).flatten(1).abs().mean(1)
