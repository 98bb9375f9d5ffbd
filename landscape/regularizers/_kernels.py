"""Which parameters are kernels."""

from torch import Tensor, nn


def kernels(network: nn.Module) -> list[Tensor]:
    """The weights of linear maps and convolutions: every named parameter with two axes or more.

    Biases, the scale and shift of norms and the gains of weight norm have one axis. Of a wrapped layer (spectral, weight norm) it is
    the raw weight, the variable that is trained, as in compare_gan.
    """
    return [parameter for _, parameter in network.named_parameters() if parameter.ndim >= 2]
