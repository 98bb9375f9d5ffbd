"""The distance of generated samples from their targets."""

from typing import Literal

from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.errors import UserError
from landscape.core.registry import NonNegative


@REGULARIZERS.register(site="g_term", needs_target=True, paper="Isola et al. 2017, arXiv:1611.07004, equation 3; l2: Pathak et al. 2016")
def pixel(critique: Critique, *, weight: NonNegative = 100.0, norm: Literal["l1", "l2"] = "l1") -> Tensor:
    """Pixel term: G lowers the mean absolute or squared difference between its sample and the target of the condition.

    Differences refer to images in [0, 1]. pix2pix takes them in [-1, 1], where they are twice as large, so that its weight of 100 is 200
    here. Under inpainting the known pixels are copied, so that the term is the mean over the hole times its share of the image.

    Args:
        critique: G's samples as it made them, and their targets, [N, ...].
        weight: The weight lambda.
        norm: `l1` for absolute, `l2` for squared differences.

    Returns:
        The term of each sample [N].

    Raises:
        UserError: The samples have no targets.
    """
    if critique.made is None or critique.target is None:
        raise UserError("pixel compares a generated sample with its target: choose a task with one (super_resolution, inpainting)")
    difference = (critique.made - critique.target).flatten(1)
    return weight * (difference.abs() if norm == "l1" else difference.square()).mean(1)
