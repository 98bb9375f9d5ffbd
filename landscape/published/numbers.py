"""The published numbers as data, one line of rows.csv each."""

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
"""Maps the ledger's names of data sets to the names in this project. Data sets that are missing here are not in this project."""
ROWS = Path(__file__).parent / "rows.csv"


@dataclass(frozen=True)
class PublishedNumber:
    """One number of a published table, in the words of whoever read it.

    Every field is text, which is empty if the source says nothing.
    """

    paper: str
    """The short name of the paper, such as `pacgan-2018`."""
    table: str
    """The short name of the table within the paper, such as `table-1`."""
    row: str
    """The short name of the trained setting within the table, such as `ring/pacgan2`. Numbers of one row differ by their metric."""
    dataset: str
    resolution: str
    model: str
    loss: str
    normalization: str
    regularizer: str
    architecture: str
    metric: str
    direction: str
    """Whether `higher` or `lower` is better; empty if neither is."""
    value: str
    """The value as printed: a number, `Fail`, or several numbers."""
    spread: str
    spread_kind: str
    n_samples: str
    training_steps: str
    source: str
    """The document in which the number was read."""
    confidence: str
    """`read`, or `recalled` if it was written down from memory and not read in the source.

    A recalled number is only a hint where to look. It is never shown as published.
    """

    @property
    def key(self) -> str:
        """The trained setting to which the number belongs, as `paper/table/row`."""
        return f"{self.paper}/{self.table}/{self.row}"

    @property
    def data(self) -> str:
        """The data set's name in this project; empty if the project does not have it."""
        return DATA.get(self.dataset, "")

    @property
    def number(self) -> float | None:
        """The value as a number; None if it is not a single number or was only recalled."""
        return None if self.confidence == "recalled" else _number(self.value)

    @property
    def error(self) -> float | None:
        """The spread as a number; None if none is printed."""
        return _number(self.spread)

    @property
    def shown(self) -> str:
        """The value and its spread as a page shows them. A recalled value is withheld."""
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
    """Return every number of the ledger, in the order of the file.

    Raises:
        UserError: A line has other columns, lacks a value, has an unknown confidence, or repeats an earlier line.
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
