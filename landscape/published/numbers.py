"""Published numbers as data, one line of rows.csv each."""

import csv
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from landscape.core.errors import UserError

DATA = {
    "1200D Synthetic": "veegan_1200d",
    "2D Grid": "grid",
    "2D Ring": "ring",
    "2D-grid": "grid",
    "2D-ring": "ring",
    "CELEBA-HQ-128": "celeba_hq_128",
    "CIFAR10": "cifar10",
    "CelebA": "celeba",
    "Fashion-MNIST": "fashion_mnist",
    "LSUN-BEDROOM": "lsun_bedroom",
    "LSUN-Bedroom": "lsun_bedroom",
    "MNIST": "mnist",
    "STL-10": "stl10",
    "Stacked-MNIST": "stacked_mnist",
    "Stacked-MNIST (3 ch)": "stacked_mnist",
    "Stacked-MNIST (VEEGAN setting)": "stacked_mnist",
    "Stacked-MNIST (unrolled setting)": "stacked_mnist",
    "TFD": "tfd",
}
"""Names of data in the ledger and in this project; others are not here."""
ROWS = Path(__file__).parent / "rows.csv"


@dataclass(frozen=True)
class PublishedNumber:
    """One number of a published table, in the words of who read it. Every field is text, empty where the source says nothing."""

    paper: str
    """Short name, as `pacgan-2018`."""
    table: str
    """Short name within the paper, as `table-1`."""
    row: str
    """Short name of the trained setting within the table, as `ring/pacgan2`; several numbers of one row differ by their metric."""
    dataset: str
    resolution: str
    model: str
    loss: str
    normalization: str
    regularizer: str
    architecture: str
    metric: str
    direction: str
    """`higher` or `lower` is better; empty where neither is."""
    value: str
    """As printed: a number, `Fail`, or several numbers."""
    spread: str
    spread_kind: str
    n_samples: str
    training_steps: str
    source: str
    """Where it was read."""
    confidence: str
    """`read`, or `recalled`: written down from memory and not read in the source. A recalled number is a lead, never shown as published."""

    @property
    def key(self) -> str:
        """`paper/table/row`: which trained setting the number belongs to."""
        return f"{self.paper}/{self.table}/{self.row}"

    @property
    def data(self) -> str:
        """The data set's name in this project; empty where it is not here."""
        return DATA.get(self.dataset, "")

    @property
    def number(self) -> float | None:
        """The value, None where it is no single number, or was only recalled."""
        return None if self.confidence == "recalled" else _number(self.value)

    @property
    def error(self) -> float | None:
        """The spread, None where none is printed."""
        return _number(self.spread)

    @property
    def shown(self) -> str:
        """The value and its spread as a page shows them; a recalled one is withheld."""
        if self.confidence == "recalled":
            return "recalled, not read: withheld"
        return f"{self.value} ± {self.spread}" if self.spread else self.value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@lru_cache
def published_numbers() -> tuple[PublishedNumber, ...]:
    """Every number of the ledger, in the order of the file.

    Raises:
        UserError: a line without the columns, without a value, with another confidence, or that repeats one before it.
    """
    names = [f.name for f in fields(PublishedNumber)]
    with ROWS.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != names:
            raise UserError(f"{ROWS.name}: expected the columns {', '.join(names)}")
        found = [PublishedNumber(**line) for line in reader]
    seen = set()
    for line, number in enumerate(found, start=2):
        identity = (number.key, number.metric)
        if identity in seen:
            raise UserError(f"{ROWS.name}:{line}: {number.key} has the metric {number.metric!r} twice: give one of them another row")
        if not (number.value and number.source and number.metric) or number.confidence not in ("read", "recalled"):
            raise UserError(f"{ROWS.name}:{line}: value, source, metric or confidence (read, recalled) is missing")
        seen.add(identity)
    return tuple(found)
