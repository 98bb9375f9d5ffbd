"""Results that several metrics of one evaluation share (moments, neighborhoods), kept while the features they belong to live."""

import functools
import weakref
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")


def shared(function: Callable[P, R]) -> Callable[P, R]:
    """Remember `function`'s results by the identity of its tensors and the value of its other arguments.

    An entry dies with any of its tensors, and is not used for a tensor that was changed in place since.
    """
    known: dict[tuple[Any, ...], tuple[tuple[int, ...], Any]] = {}

    @functools.wraps(function)
    def remembered(*args: P.args, **kwargs: P.kwargs) -> R:
        tensors = [a for a in args if isinstance(a, Tensor)]
        key = (*(id(a) if isinstance(a, Tensor) else a for a in args), *sorted(kwargs.items()))
        versions = tuple(t._version for t in tensors)
        if key in known and known[key][0] == versions:
            return known[key][1]  # type: ignore[no-any-return]
        result = function(*args, **kwargs)
        if key not in known:
            for tensor in tensors:
                weakref.finalize(tensor, known.pop, key, None).atexit = False
        known[key] = (versions, result)
        return result

    return remembered
