"""What the training of each row costs: the products of its model, counted at full width. `python -m benchmarks.published` counts them."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

COSTS = Path(__file__).parent / "costs.csv"
CPU_RATE, GPU_RATE = 185e9, 20e12
"""Products a second, at most: float32 on two cores of the machine of docs/speed.md, and on one H200 in recorded blocks of rounds. Small
networks, whose time is not in their products, take longer."""


@dataclass(frozen=True)
class Cost:
    """One training of one seed of every setting of a row."""

    key: str
    """`paper/table/row`."""
    settings: int
    """Trainings of one seed: most rows have one setting."""
    rounds: int
    """Of a training; the mean where settings differ."""
    petaflop: float
    """1e15 multiplications and additions in matrix products and convolutions, all settings together."""

    def hours(self, rate: float) -> float:
        """At so many products a second: the least time."""
        return self.petaflop * 1e15 / rate / 3600


@lru_cache
def costs() -> Mapping[str, Cost]:
    """The cost of every row that can be run, by its key."""
    with COSTS.open(encoding="utf-8", newline="") as file:
        return {
            line["key"]: Cost(line["key"], int(line["settings"]), int(line["rounds"]), float(line["petaflop"]))
            for line in csv.DictReader(file)
        }
