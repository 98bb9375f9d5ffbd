"""Which parameters are kernels, and what they are as matrices."""

from torch import Tensor, nn

from landscape.components.normalizations._reweighted import as_matrix, output_axis


def kernels(network: nn.Module) -> list[Tensor]:
    """The weights of linear maps and convolutions: every named parameter with two axes or more.

    Biases, the scale and shift of norms and the gains of weight norm have one axis. Of a wrapped layer (spectral, weight norm) it is
    the raw weight, the variable that is trained, as in compare_gan.
    """
    return [parameter for _, parameter in network.named_parameters() if parameter.ndim >= 2]


def matrices(network: nn.Module) -> list[Tensor]:
    """The kernels [outputs, everything else]: [out, in * kh * kw] of a convolution, transposed ones included."""
    axes = {f"{name}.weight": output_axis(module) for name, module in network.named_modules()}
    return [as_matrix(p, axes.get(name, 0)) for name, p in network.named_parameters() if p.ndim >= 2]
