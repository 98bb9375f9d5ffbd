"""Counts the operations of a round of training, which the host or a recording gives to a GPU one after the other."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

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


def operations_by_name(work: Callable[[], object]) -> Counter[str]:
    """Run `work` and return the numbers of its operations by name."""
    with Operations() as found:
        work()
    return found.counts
