"""Instance noise, annealed."""

import torch
from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS
from landscape.core.registry import NonNegative, Positive


@REGULARIZERS.register(site="on_inputs", paper="Sonderby et al. 2017, arXiv:1610.04490; Arjovsky & Bottou 2017, arXiv:1701.04862")
def instance_noise(samples: Tensor, *, progress: Tensor, deviation: NonNegative = 0.1, end: Positive = 1.0) -> Tensor:
    """Gaussian noise on all that D sees, real and generated, its standard deviation falling linearly to 0.

    Args:
        samples: [N, ...]; what comes back may leave their range.
        progress: share of the budget spent, 0-dim.
        deviation: standard deviation at the start, in units of the data.
        end: share of the budget at which the noise is gone; above 1 some is left at the end, and at 1e9 it is constant.
    """
    return samples + deviation * (1 - progress / end).clamp(min=0) * torch.randn_like(samples)
