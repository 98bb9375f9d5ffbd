"""Imitates a CUDA graph on the CPU: operations are recorded with the tensors and numbers of the recording and repeated on the same
memory.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

WAITS = {"_local_scalar_dense", "nonzero", "masked_select", "_unique2", "unique_dim", "equal", "is_nonzero"}
"""Operations whose result decides what the host does next, or how much memory is needed. A capture refuses them."""


class Recorder(TorchDispatchMode):
    """Keeps every operation, and the content of all memory from before the recording, so that the content can be restored."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, tuple, dict, list[Tensor]]] = []
        self.own: set[int] = set()
        self.before: dict[int, tuple[Tensor, Tensor]] = {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = function._schema.name.split("::")[1]
        if name in WAITS:
            raise RuntimeError(f"operation not permitted when stream is capturing: {name}")
        given = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, Tensor)]
        # Its schema does not declare that it changes the running statistics.
        if function._schema.is_mutable or name == "native_batch_norm":
            for t in given:
                self._keep(t)
        # Aliases are kept, because a tensor's own shape may be changed in place later.
        call = function, *tree_map_only(Tensor, Tensor.detach, (args, kwargs))
        out = function(*args, **kwargs)
        fresh = [t.detach() for t in tree_flatten(out)[0] if isinstance(t, Tensor) and all(_memory(t) != _memory(g) for g in given)]
        self.own.update(map(_memory, fresh))
        self.calls.append((*call, fresh))
        return out

    def _keep(self, tensor: Tensor) -> None:
        memory = _memory(tensor)
        if memory not in self.own and memory not in self.before:
            whole = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
            self.before[memory] = (whole, whole.clone())

    def replay(self) -> None:
        with torch.no_grad():
            for function, args, kwargs, fresh in self.calls:
                out = [t for t in tree_flatten(function(*args, **kwargs))[0] if isinstance(t, Tensor)]
                for old, new in zip(fresh, out, strict=True) if fresh else ():
                    old.copy_(new)


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def emulated_graph(work: Callable[[], None], _: torch.device) -> Callable[[], None]:
    """Record `work` as `landscape.training.cuda_graph_blocks.cuda_graph` does.

    `work` is not executed when it is recorded. Its random numbers are drawn at each replay.
    """
    recorder, random = Recorder(), torch.get_rng_state()
    try:
        with recorder:
            work()
    finally:
        torch.set_rng_state(random)
        with torch.no_grad():
            for whole, content in recorder.before.values():
                whole.copy_(content)
    return recorder.replay
