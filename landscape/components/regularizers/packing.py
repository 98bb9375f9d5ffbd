"""Packing of samples (PacGAN)."""

from typing import Annotated

from annotated_types import Ge, Le
from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS
from landscape.core.errors import UserError


@REGULARIZERS.register(site="on_inputs", packs="degree", paper="Lin et al. 2018, arXiv:1712.04086")
def packing(samples: Tensor, *, degree: Annotated[int, Ge(1), Le(4)] = 2) -> Tensor:
    """D judges m samples of one kind together, stacked along the channels: [N, C, ...] -> [N / m, m C, ...].

    The batch is divided: for the paper's batch of B packed rows the batch size is m B. PacGAN's code differs in what it draws: packs with
    replacement, each member by a call of G of its own (whose batch norm then sees B samples, here m B); here a sample comes once an epoch.

    Args:
        samples: images [N, C, H, W] or points [N, D], drawn independently of each other.
        degree: m; 1 to 4, 1 is plain training.

    Raises:
        UserError: a batch that m does not divide.
    """
    if len(samples) % degree:
        raise UserError(f"packing: a batch of {len(samples)} does not divide into packs of {degree}; choose a multiple of {degree}")
    return samples.reshape(len(samples) // degree, degree * samples.shape[1], *samples.shape[2:])
