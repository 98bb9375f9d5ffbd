"""Packing of samples (PacGAN)."""

from typing import Annotated

from annotated_types import Ge, Le
from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS
from landscape.core.errors import UserError


@REGULARIZERS.register(site="on_inputs", packs="degree", paper="Lin et al. 2018, arXiv:1712.04086")
def packing(samples: Tensor, *, degree: Annotated[int, Ge(1), Le(4)] = 2) -> Tensor:
    """PacGAN: D judges m samples of one kind together, stacked along the channels: [N, C, ...] -> [N / m, m C, ...].

    The batch is divided into packs. To get the paper's batch of B packed rows, the batch size must be m B. PacGAN's code draws differently:
    its packs are drawn with replacement, and each member comes from a call of G of its own, whose batch norm sees B samples (here m B).
    Here each real sample occurs once per epoch.

    Args:
        samples: Images [N, C, H, W] or points [N, D], drawn independently of each other.
        degree: The size m of a pack, 1 to 4. With 1, training is unchanged.

    Raises:
        UserError: The batch size is not a multiple of m.
    """
    if len(samples) % degree:
        raise UserError(f"packing: a batch of {len(samples)} does not divide into packs of {degree}; choose a multiple of {degree}")
    return samples.reshape(len(samples) // degree, degree * samples.shape[1], *samples.shape[2:])
