"""An estimate with its uncertainty. Analysis returns nothing else, so that no point is shown without its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate. `low` and `high` are None if no interval with shown coverage exists, and `absent` then says why.

    A bound may be infinite, because a diverged trial counts as worse than every score and an interval may reach it.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    """The nominal coverage."""
    kind: str = ""
    """The kind of interval, such as `order statistics` or `Clopper-Pearson`."""
    n: int = 0
    """The number of independent observations behind it."""
    absent: str = ""
    """The reason why there is no interval."""
    given_search: bool = False
    """Whether the trials were proposed by a searcher that learned from earlier ones. The interval then holds for this search alone."""

    @property
    def has_interval(self) -> bool:
        return self.low is not None and self.high is not None

    def within_search(self, given: bool) -> Self:
        """Return the same estimate, marked if a searcher that learns chose the trials."""
        return replace(self, given_search=given)

    def mirrored(self) -> Self:
        """Return the estimate of -x from that of x."""
        flipped = [None if x is None else -x for x in (self.value, self.high, self.low)]
        return replace(self, value=flipped[0], low=flipped[1], high=flipped[2])

    def columns(self, prefix: str) -> dict[str, Any]:
        """Return the columns `prefix`, `prefix_low` and `prefix_high` for a frame. NaN stands for absent, as in an empty cell of pandas."""
        parts = {"": self.value, "_low": self.low, "_high": self.high}
        return {f"{prefix}{suffix}": math.nan if x is None else x for suffix, x in parts.items()}


def as_values(values: ArrayLike | Sequence[float]) -> Values:
    """Return a sorted float64 vector with the smallest (best) value first. Diverged trials are +inf, and NaN is an error of the caller."""
    array = np.sort(np.asarray(values, dtype=np.float64).ravel())
    assert not np.isnan(array).any(), "a missing score must be left out or counted as diverged, not passed on as NaN"
    return array
