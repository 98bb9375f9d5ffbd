"""Imitates a CUDA graph on the CPU: operations are recorded with the tensors and numbers of the recording and repeated on the same
memory.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

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
        given = [*_tensors(args), *_tensors(kwargs.values())]
        # Its schema does not declare that it changes the running statistics.
        if function._schema.is_mutable or name == "native_batch_norm":
            for t in given:
                self._keep(t)
        # Aliases are kept, because a tensor's own shape may be changed in place later.
        call = function, _aliases(args), {name: _aliases(value) for name, value in kwargs.items()}
        out = function(*args, **kwargs)
        old = set(map(_memory, given))
        fresh = [t.detach() for t in _tensors([out]) if _memory(t) not in old]
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
                out = function(*args, **kwargs)
                for old, new in zip(fresh, _tensors([out]), strict=True) if fresh else ():
                    old.copy_(new)


# Arguments and results of operations are nested in tuples and lists alone; torch's own walk through any structure takes ten times as long.
def _tensors(values: Iterable) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _tensors(value)


def _aliases(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach()
    return type(value)(map(_aliases, value)) if isinstance(value, (tuple, list)) else value


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
