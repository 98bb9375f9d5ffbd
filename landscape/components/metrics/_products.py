"""Dense products at the speed of the machine. On a CPU the three libraries at hand differ twofold, and none is fastest everywhere."""

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
    """Whether float32 products go through oneDNN.

    Measured on 2 cores, 2048 x 2048 x 2048, in GFLOP/s: with AVX-512 oneDNN 490 or 220 (two machines), OpenBLAS (NumPy) 270 or 210,
    MKL (torch.mm) 215 or 190; with AVX2 only OpenBLAS 150, oneDNN 130, MKL 115.
    A rule, not a trial run: the same machine must round the same way each time.
    """
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):  # a build without oneDNN
        return False
    return torch.backends.cpu.get_cpu_capability().startswith("AVX512")


@functools.cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def blas_threads() -> Iterator[None]:
    """NumPy's and SciPy's BLAS on as many threads as torch uses, so that a trial that was given one core takes one."""
    with _blas().limit(limits=torch.get_num_threads()):
        yield


def product(left: Tensor, right: Tensor, out: Tensor | None = None) -> Tensor:
    """`left` [n, d] times right [m, d] transposed: [n, m], in their own precision (float32 is never lowered to TF32).

    `out`, [n, m] contiguous, is used where the library can write into it (fresh memory costs page faults).
    """
    if left.device.type != "cpu":
        return _exact_mm(left, right)
    # of one and the same tensor NumPy asks for a symmetric product: half the arithmetic, which oneDNN does not offer
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
    """L' S L of a lower triangular L and a symmetric S, both float64 [d, d]; its upper triangle is unspecified (nothing here reads it).

    On a CPU by LAPACK's `sygst`, which takes a quarter of the arithmetic of two products.
    """
    if symmetric.device.type != "cpu":
        return lower.T @ symmetric @ lower
    with blas_threads():
        made, _ = scipy.linalg.lapack.dsygst(symmetric.numpy(), lower.numpy(), itype=2, lower=1)
    return torch.from_numpy(made)


def eigenvalues(symmetric: Tensor) -> Tensor:
    """Ascending eigenvalues [d] of a symmetric matrix [d, d], of which the lower triangle is read.

    On a CPU by NumPy's LAPACK: at d = 2048, 0.5 s where torch's takes up to 3.7 s.
    """
    if symmetric.device.type != "cpu":
        values: Tensor = torch.linalg.eigvalsh(symmetric)
        return values
    with blas_threads():
        return torch.from_numpy(np.linalg.eigvalsh(symmetric.numpy()))


def eigenvectors(symmetric: Tensor) -> tuple[Tensor, Tensor]:
    """Ascending eigenvalues [d] and eigenvectors [d, d] (columns) of a symmetric matrix, of which the lower triangle is read."""
    if symmetric.device.type != "cpu":
        values, vectors = torch.linalg.eigh(symmetric)
        return values, vectors
    with blas_threads():
        value_array, vector_array = np.linalg.eigh(symmetric.numpy())
    return torch.from_numpy(value_array), torch.from_numpy(vector_array)
