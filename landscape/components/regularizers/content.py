"""The content term of super-resolution."""

from collections.abc import Callable

import torch
from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.errors import UserError
from landscape.core.registry import NonNegative


@REGULARIZERS.register(
    site="g_term",
    needs_target=True,
    needs_images=True,
    perceives="classifier",
    paper="Ledig et al. 2017, arXiv:1609.04802, equation 5; Johnson et al. 2016, arXiv:1603.08155",
)
def content(critique: Critique, *, perceive: Callable[[Tensor], Tensor], weight: NonNegative = 1.0, trained_on: str = "") -> Tensor:
    """Content term: G lowers the mean squared difference between a classifier's hidden activations on its sample and on the target.

    In the papers the classifier is VGG19. Here it is the small one with which scores of the same data are computed, read behind its last
    convolution. A model that was trained with it is not scored through it.

    Args:
        critique: G's samples as it made them, and their targets, images in [0, 1].
        perceive: Maps images [N, C, H, W] in [0, 1] to activations [N, F], differentiably.
        weight: The weight.
        trained_on: The name of a classifier that comes with the program (`digits`, `mnist`). "" stands for that of the data, which is
            trained on their labels if none comes with the program.

    Returns:
        The term of each sample [N].

    Raises:
        UserError: The samples have no targets.
    """
    if critique.made is None or critique.target is None:
        raise UserError("content compares a generated sample with its target: choose a task with one (super_resolution, inpainting)")
    with torch.no_grad():
        wanted = perceive(critique.target)
    return weight * (perceive(critique.made) - wanted).square().mean(1)
