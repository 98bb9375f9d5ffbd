"""A point and how far it can be trusted. Analysis returns nothing else, so that no point is shown without its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate. `low` and `high` are None where no interval with shown coverage exists; `absent` then says why.

    A bound may be infinite: a diverged trial counts as worse than every score, and an interval may reach it.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    """Nominal coverage."""
    kind: str = ""
    """`order statistics`, `Clopper-Pearson`, ..."""
    n: int = 0
    """Independent observations behind it."""
    absent: str = ""
    """Why there is no interval."""
    given_search: bool = False
    """The trials were proposed by a searcher that learned from earlier ones: the interval holds for this search, not for another."""

    @property
    def has_interval(self) -> bool:
        return self.low is not None and self.high is not None

    def within_search(self, given: bool) -> Self:
        """The same, marked where a searcher that learns chose the trials."""
        return replace(self, given_search=given)

    def mirrored(self) -> Self:
        """The estimate of -x from that of x."""
        flipped = [None if x is None else -x for x in (self.value, self.high, self.low)]
        return replace(self, value=flipped[0], low=flipped[1], high=flipped[2])

    def columns(self, prefix: str) -> dict[str, Any]:
        """`prefix`, `prefix_low`, `prefix_high` for a frame; NaN stands for absent, as pandas writes an empty cell."""
        parts = {"": self.value, "_low": self.low, "_high": self.high}
        return {f"{prefix}{suffix}": math.nan if x is None else x for suffix, x in parts.items()}


def as_values(values: ArrayLike | Sequence[float]) -> Values:
    """A sorted float64 vector, smallest (best) first; +inf stands for a diverged trial. NaN is a bug of the caller."""
    array = np.sort(np.asarray(values, dtype=np.float64).ravel())
    assert not np.isnan(array).any(), "a missing score must be left out or counted as diverged, not passed on as NaN"
    return array
