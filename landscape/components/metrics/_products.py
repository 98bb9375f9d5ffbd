"""Dense products at the full speed of the machine.

On a CPU the speeds of the three libraries that can be used differ by a factor of two, and none of them is the fastest everywhere.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import scipy.linalg
import torch
from torch import Tensor


@functools.cache
def _onednn_is_fastest() -> bool:
    """Return whether float32 products should be computed by oneDNN.

    Products of 2048 x 2048 x 2048 on 2 cores, in GFLOP/s: with AVX-512, oneDNN reached 490 on one machine and 220 on another, OpenBLAS
    (NumPy) 270 and 210, and MKL (torch.mm) 215 and 190. With AVX2 only, OpenBLAS reached 150, oneDNN 130 and MKL 115.
    The decision is a rule and not a trial run, because the same machine must round in the same way each time.
    """
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):  # Torch was built without oneDNN.
        return False
    return torch.backends.cpu.get_cpu_capability().startswith("AVX512")


@functools.cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def blas_threads() -> Iterator[None]:
    """Within this context the BLAS of NumPy and SciPy use as many threads as torch, so that a trial that was given one core uses one."""
    with _blas().limit(limits=torch.get_num_threads()):
        yield


def product(left: Tensor, right: Tensor, out: Tensor | None = None) -> Tensor:
    """Return `left` [n, d] times the transpose of `right` [m, d], which is [n, m], in their own precision. TF32 is never used.

    `out` [n, m], which must be contiguous, is written to if the library can do so, because new memory costs page faults.
    """
    if left.device.type != "cpu":
        return _exact_mm(left, right)
    # If both are the same tensor, NumPy computes a symmetric product with half the arithmetic, which oneDNN does not offer.
    if left.dtype == torch.float32 and left is not right and _onednn_is_fastest():
        result: Tensor = torch.ops.mkldnn._linear_pointwise(left, right, None, "none", [], "")
        return result
    with blas_threads():
        if out is None:
            out = left.new_empty(len(left), len(right))
        np.matmul(left.numpy(), right.numpy().T, out=out.numpy())
    return out


def _exact_mm(left: Tensor, right: Tensor) -> Tensor:
    allowed = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        return left @ right.T
    finally:
        torch.set_float32_matmul_precision(allowed)


def congruence(lower: Tensor, symmetric: Tensor) -> Tensor:
    """Return L' S L for a lower triangular L and a symmetric S, both float64 [d, d]. The upper triangle of the result has no meaning.

    On a CPU it is computed by LAPACK's `sygst`, which takes a quarter of the arithmetic of two products.
    """
    if symmetric.device.type != "cpu":
        return lower.T @ symmetric @ lower
    with blas_threads():
        made, _ = scipy.linalg.lapack.dsygst(symmetric.numpy(), lower.numpy(), itype=2, lower=1)
    return torch.from_numpy(made)


def eigenvalues(symmetric: Tensor) -> Tensor:
    """Return the ascending eigenvalues [d] of a symmetric matrix [d, d], of which only the lower triangle is read.

    On a CPU they are computed by NumPy's LAPACK, which takes 0.5 s at d = 2048, while torch's takes up to 3.7 s.
    """
    if symmetric.device.type != "cpu":
        values: Tensor = torch.linalg.eigvalsh(symmetric)
        return values
    with blas_threads():
        return torch.from_numpy(np.linalg.eigvalsh(symmetric.numpy()))


def eigenvectors(symmetric: Tensor) -> tuple[Tensor, Tensor]:
    """Return the ascending eigenvalues [d] and the eigenvectors [d, d], in columns, of a symmetric matrix. Its lower triangle is read."""
    if symmetric.device.type != "cpu":
        values, vectors = torch.linalg.eigh(symmetric)
        return values, vectors
    with blas_threads():
        value_array, vector_array = np.linalg.eigh(symmetric.numpy())
    return torch.from_numpy(value_array), torch.from_numpy(vector_array)
