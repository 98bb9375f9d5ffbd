"""How many operations a round of training consists of: what a GPU is kept busy with by the host, or by a recording, one after the other."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

ALLOCATIONS = frozenset({"aten::empty", "aten::empty_like", "aten::empty_strided", "aten::new_empty", "aten::_unsafe_view", "aten::detach"})
"""Operations that compute nothing, though they are no views."""


class Operations(TorchDispatchMode):
    """Counts operations by name while it is entered: those that compute something, so neither views nor allocations."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function._schema.name
        if not function.is_view and name not in ALLOCATIONS:
            self.counts[name] += 1
        return function(*args, **(kwargs or {}))


def operations(work: Callable[[], object]) -> Counter[str]:
    """The operations that `work` consists of, by name. What it computes is computed as ever."""
    with Operations() as found:
        work()
    return found.counts
