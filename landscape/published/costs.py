"""What it costs to train each row of the ledger, counted in multiplications and additions of the model at full width.

`python -m benchmarks.published` counts them.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

COSTS = Path(__file__).parent / "costs.csv"
CPU_RATE, GPU_RATE = 185e9, 20e12
"""The highest rates to expect, in multiplications and additions per second.

They hold for float32 on two cores of the machine of docs/speed.md, and on one H200 with recorded blocks of rounds. Small networks take
longer, because their time is not spent on products.
"""


@dataclass(frozen=True)
class Cost:
    """The cost of one training of one seed for every setting of a row."""

    key: str
    """The row, as `paper/table/row`."""
    settings: int
    """The number of trainings with one seed. Most rows have one setting."""
    rounds: int
    """The number of rounds of one training; the mean if the settings differ."""
    petaflop: float
    """How many times 1e15 multiplications and additions occur in matrix products and convolutions, over all settings."""

    def hours(self, rate: float) -> float:
        """Return the hours that the training takes at least, at `rate` multiplications and additions per second."""
        return self.petaflop * 1e15 / rate / 3600


@lru_cache
def costs() -> Mapping[str, Cost]:
    """Return the cost of every row that can be run, by its key."""
    with COSTS.open(encoding="utf-8", newline="") as file:
        return {
            line["key"]: Cost(line["key"], int(line["settings"]), int(line["rounds"]), float(line["petaflop"]))
            for line in csv.DictReader(file)
        }
