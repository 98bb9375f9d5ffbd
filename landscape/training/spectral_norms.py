"""The spectral norms of a network's layers."""

import torch
from torch import Tensor, nn

from landscape.components.normalizations._reweighted import LAYERS, Reweighted, as_matrix, output_axis


@torch.no_grad()
def spectral_norms(network: nn.Module) -> dict[str, float]:
    """Return the largest singular value of the weight with which each linear map and convolution computes, by the name of the layer.

    The kernel of a convolution counts as the matrix [out, in * kh * kw], as in spectral normalization (Miyato et al. 2018,
    arXiv:1802.05957); this is not the norm of the convolution as a map of images. Values are exact, from eigenvalues in float64. The
    network, its power iterations included, is not changed.
    """
    training = {module: module.training for module in network.modules()}
    network.eval()  # In training mode a weight that is made of another may change its state.
    try:
        inner = {id(module.layer) for module in network.modules() if isinstance(module, Reweighted)}
        return {
            name: _largest_singular_value(_weight_of(module))
            for name, module in network.named_modules()
            if isinstance(module, (Reweighted, *LAYERS)) and id(module) not in inner
        }
    finally:
        for module, was in training.items():
            module.training = was


def _weight_of(module: nn.Module) -> Tensor:
    """Return the weight as a matrix [out, everything else]. Layers that compute with a function of their weight give its value."""
    made = getattr(module, "effective_weight", None)
    weight: Tensor = made() if made is not None else module.weight  # type: ignore[assignment]
    return as_matrix(weight, output_axis(module.layer if isinstance(module, Reweighted) else module))


def _largest_singular_value(matrix: Tensor) -> float:
    wide = matrix.double() if matrix.shape[0] <= matrix.shape[1] else matrix.double().T
    return float(torch.linalg.eigvalsh(wide @ wide.T)[-1].clamp(min=0).sqrt())
