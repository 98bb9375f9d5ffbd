"""The total variation of generated images."""

from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS, Critique
from landscape.core.registry import NonNegative


@REGULARIZERS.register(
    site="g_term", needs_images=True, paper="Rudin et al. 1992, doi:10.1016/0167-2789(92)90242-F; squared as Johnson et al. 2016's code"
)
def total_variation(critique: Critique, *, weight: NonNegative = 1e-3) -> Tensor:
    """Total variation: G lowers the mean squared difference between neighboring pixels, down and across.

    Args:
        critique: G's images [N, C, H, W] as it made them, in [0, 1].
        weight: The weight.

    Returns:
        The term of each image [N].
    """
    images = critique.made
    assert images is not None
    down, across = images[:, :, 1:] - images[:, :, :-1], images[..., 1:] - images[..., :-1]
    return weight * (down.square().mean((1, 2, 3)) + across.square().mean((1, 2, 3)))
