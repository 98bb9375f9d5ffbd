"""Orthogonal regularization of D's kernels."""

from typing import Literal

import torch
from torch import Tensor, nn

from landscape.components.numerics.precision import full_precision
from landscape.components.regularizers._base import REGULARIZERS
from landscape.components.regularizers._kernels import matrices
from landscape.core.registry import NonNegative


def departure(matrix: Tensor, form: str) -> Tensor:
    """Return the squared Frobenius distance of the Gram matrix, along the matrix's shorter side, from the one wanted."""
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T  # If there are more rows than columns, the rows cannot all be orthogonal.
    gram = matrix @ matrix.T
    wished = torch.eye(len(gram), device=gram.device, dtype=gram.dtype)
    return (gram * (1 - wished) if form == "off_diagonal" else gram - wished).square().sum()


@REGULARIZERS.register(
    site="d_weights",
    revision=3,
    paper="Brock et al. 2017, arXiv:1609.07093; Miyato et al. 2018, arXiv:1802.05957; Brock et al. 2019, arXiv:1809.11096",
)
def orthogonal(
    discriminator: nn.Module, *, weight: NonNegative = 1e-4, form: Literal["orthonormal", "off_diagonal"] = "orthonormal"
) -> Tensor:
    """Orthogonal regularization: the sum over D's kernels of |W W' - I|^2 (squared Frobenius norm), or of its off-diagonal part.

    W is the kernel as a matrix [out, in * kh * kw], transposed if it has more rows than columns.

    Args:
        discriminator: D. The raw weights of its linear maps and convolutions count.
        weight: The weight beta, 1e-4 in Brock et al. (who apply it to G, or to both networks).
        form: `orthonormal`: |W W' - I|^2, which also fixes the norms (SNGAN's "orthonormal regularization"). `off_diagonal`: |W W' * (1 -
            I)|^2, BigGAN's relaxation, which leaves the norms free.
    """
    found = matrices(discriminator)
    with full_precision(found[0].device):
        return weight * torch.stack([departure(matrix, form) for matrix in found]).sum()
