"""The L2 penalty on D's kernels."""

import torch
from torch import Tensor, nn

from landscape.components.regularizers._base import REGULARIZERS
from landscape.components.regularizers._kernels import kernels
from landscape.core.registry import NonNegative


@REGULARIZERS.register(site="d_weights", paper="Kurach et al. 2019, arXiv:1807.04720, section 2.2; formula of compare_gan's penalty_lib")
def l2(discriminator: nn.Module, *, weight: NonNegative = 1.0) -> Tensor:
    """L2: the mean over D's kernels (not the sum) of 1/2 |W|^2. Biases and the parameters of norms are left out.

    Args:
        discriminator: D. The raw weights of its linear maps and convolutions count.
        weight: The weight lambda, 1e-4 to 10 in the Landscape study.
    """
    halves = [0.5 * kernel.square().sum() for kernel in kernels(discriminator)]
    return weight * torch.stack(halves).mean()
