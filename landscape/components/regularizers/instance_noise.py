"""Annealed instance noise."""

import torch
from torch import Tensor

from landscape.components.regularizers._base import REGULARIZERS
from landscape.core.registry import NonNegative, Positive


@REGULARIZERS.register(site="on_inputs", paper="Sonderby et al. 2017, arXiv:1610.04490; Arjovsky & Bottou 2017, arXiv:1701.04862")
def instance_noise(samples: Tensor, *, progress: Tensor, deviation: NonNegative = 0.1, end: Positive = 1.0) -> Tensor:
    """Instance noise: Gaussian noise on everything that D sees, with a standard deviation that falls linearly to 0.

    Args:
        samples: Real or generated samples [N, ...]. The result may leave their range.
        progress: The share of the budget that is spent, 0-dim.
        deviation: The standard deviation at the start, in units of the data.
        end: The share of the budget at which the noise has vanished. Above 1 some noise remains at the end, and at 1e9 it is constant.
    """
    return samples + deviation * (1 - progress / end).clamp(min=0) * torch.randn_like(samples)
