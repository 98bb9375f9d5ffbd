"""The range of a number that a study searches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.analysis.interval import Values


@dataclass(frozen=True)
class SearchedRange:
    """The range of a searched number."""

    name: str
    low: float
    high: float
    is_log: bool

    def shares(self, values: Sequence[float] | Values) -> Values:
        """Return the places of values in the range, from 0 to 1."""
        x, low, high = (np.log(v) if self.is_log else np.asarray(v, dtype=float) for v in (values, self.low, self.high))
        found: Values = np.clip((x - low) / (high - low), 0.0, 1.0)
        return found

    def value(self, share: float) -> float:
        """Return the value at a place in the range."""
        return self.low * (self.high / self.low) ** share if self.is_log else self.low + share * (self.high - self.low)
