"""The weight clipping of the Wasserstein GAN."""

import torch
from torch import Tensor, nn

from landscape.components.regularizers._base import REGULARIZERS
from landscape.core.registry import Positive


@REGULARIZERS.register(site="after_d_update", paper="Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1")
@torch.no_grad()
def weight_clipping(discriminator: nn.Module, *, bound: Positive = 0.01) -> None:
    """Weight clipping: every trainable parameter of D is cut to [-bound, bound] after each of its updates.

    Kernels, biases and the parameters of norms are treated alike, as in compare_gan. For a wrapped layer (spectral, weight norm) this is
    the raw weight.

    Args:
        discriminator: D, which is changed in place.
        bound: The bound c, 0.01 in the paper and 1e-3 to 1 in "Are GANs Created Equal?".
    """
    parameters: list[Tensor] = [parameter for parameter in discriminator.parameters() if parameter.requires_grad]
    torch._foreach_clamp_min_(parameters, -bound)
    torch._foreach_clamp_max_(parameters, bound)
