"""Counts the operations of a round of training, which the host or a recording gives to a GPU one after the other."""

import os
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import torch
from torch._inductor import metrics
from torch._inductor.graph import GraphLowering
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from landscape.training import compilation, effective_weights
from landscape.training.gan import GAN

ALLOCATIONS = frozenset({"aten::empty", "aten::empty_like", "aten::empty_strided", "aten::new_empty", "aten::_unsafe_view", "aten::detach"})
"""Operations that compute nothing, although they are not views."""


class Operations(TorchDispatchMode):
    """Counts, by name, the operations inside its block that compute something. Views and allocations are not counted."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function._schema.name
        if not function.is_view and name not in ALLOCATIONS:
            self.counts[name] += 1
        return function(*args, **(kwargs or {}))


class _OfOperators(TorchDispatchMode):
    """Counts the operations of which this package's own operators consist, and no others."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function._schema.name
        if name.startswith("landscape::"):
            self.counts += operations_by_name(lambda: torch._library.custom_ops.OPDEFS[name]._init_fn(*args))
        return function(*args, **(kwargs or {}))


def operations_by_name(work: Callable[[], object]) -> Counter[str]:
    """Run `work` and return the numbers of its operations by name."""
    with Operations() as found:
        work()
    return found.counts


class _GeneratedError(Exception):
    """The compiler has generated its code, which is all that is asked for."""


def of_a_compiled_round(gan: GAN) -> Counter[str]:
    """Return how many operations a round has whose updates are compiled as on a GPU, counted with the compiler's code for a CPU.

    Code is generated, but not built or run.

    Args:
        gan: A model whose updates run eagerly, after its first rounds. It plays three more.

    Returns:
        The numbers of generated kernels (`kernels`), of library calls beside them (`calls`), of operations inside of this package's own
        operators (`operators`), and of operations outside of the updates (`outside`).
    """
    rounds, updates = gan.rounds, gan.rounds.updates
    own = (updates.of_d, updates.of_g)
    try:
        updates.of_d, updates.of_g = map(_hidden, own)
        outside = operations_by_name(rounds.play)
        outside.pop("aten::randperm", None)  # once an epoch
        updates.of_d, updates.of_g = own
        with patch.object(effective_weights, "COMPILED_TOGETHER", frozenset({"cpu"})):
            with patch.object(torch.compiler, "is_compiling", lambda: True), _OfOperators() as inside:
                rounds.play()
            updates.of_d, updates.of_g = (compilation.with_fallback(update, lambda reason: None) for update in own)
            kernels, codes = _generated(rounds.play)
    finally:
        updates.of_d, updates.of_g = own
    assert len(codes) == 2, "the code of one of the two updates was not generated"
    calls = [name for code in codes for name in re.findall(r"\b(extern_kernels\.\w+|torch\.ops\.\w+\.\w+|aten\.\w+)[.\w]*\(", code)]
    of_libraries = sum(not name.startswith("torch.ops.landscape.") for name in calls)
    return Counter(kernels=kernels, calls=of_libraries, operators=inside.counts.total(), outside=outside.total())


def _hidden(update: Callable[..., Any]) -> Callable[..., Any]:
    """Return `update` with operations that are not counted."""

    def call(*arguments: Any) -> Any:
        with _disable_current_modes():  # type: ignore[no-untyped-call]
            return update(*arguments)

    return call


def _generated(work: Callable[[], object]) -> tuple[int, list[str]]:
    """Run `work`, whose compiled functions are generated, are not built, and then run eagerly. Return the kernels' number and the code."""
    codes: list[str] = []

    def end(code: str) -> None:
        codes.append(code)
        raise _GeneratedError

    metrics.reset()
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.dict(os.environ, TORCHINDUCTOR_CACHE_DIR=folder),
        patch.object(GraphLowering, "save_output_code", end),
        torch._inductor.config.patch(force_disable_caches=True),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        work()
    return metrics.generated_kernel_count, codes
