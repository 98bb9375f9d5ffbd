"""Finds the kernels among a network's parameters and writes them as matrices."""

from torch import Tensor, nn

from landscape.components.normalizations._reweighted import as_matrix, output_axis


def kernels(network: nn.Module) -> list[Tensor]:
    """Return the weights of linear maps and convolutions, which are all named parameters with at least two axes.

    Biases, the scale and shift of norms and the gains of weight norm have one axis. For a wrapped layer (spectral, weight norm) this is the
    raw weight, the variable that is trained, as in compare_gan.
    """
    return [parameter for _, parameter in network.named_parameters() if parameter.ndim >= 2]


def matrices(network: nn.Module) -> list[Tensor]:
    """Return the kernels as matrices [outputs, everything else]: [out, in * kh * kw] for convolutions, also for transposed ones."""
    axes = {f"{name}.weight": output_axis(module) for name, module in network.named_modules()}
    return [as_matrix(p, axes.get(name, 0)) for name, p in network.named_parameters() if p.ndim >= 2]
