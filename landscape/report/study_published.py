"""Finds the published numbers on a study's data: those under its protocol, and how many others cannot be compared, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from landscape.core.wording import plural
from landscape.published.numbers import PublishedNumber, published_numbers
from landscape.published.settings import Setting, settings
from landscape.report.summary import dataset_of
from landscape.report.tables import Column, Table
from landscape.report.view import View
from landscape.results.score_names import same_score

_COLUMNS = (
    Column("row", "Row"),
    Column("model", "Model"),
    Column("loss", "Loss"),
    Column("normalization", "Normalization"),
    Column("regularizer", "Regularizer"),
    Column("architecture", "Architecture"),
    Column("published", "Published"),
    Column("steps", "Training"),
    Column("source", "Source"),
)


@dataclass(frozen=True)
class PublishedBeside:
    """What a study's page says about published numbers on its data."""

    sentence: str
    """A sentence on which numbers can be compared and which cannot."""
    table: Table | None
    """The table of numbers that can be compared with the study's score. None if there are none."""


def published_beside(view: View) -> PublishedBeside | None:
    """Return the published numbers on the study's data, or None if the ledger has none."""
    data = dataset_of(view).partition(":")[0].replace("-", "_")
    found = [n for n in published_numbers() if n.data == data and n.number is not None]
    if not found or view.score is None:
        return None
    protocol = str((view.table.protocol or {}).get("name", ""))
    alike = [n for n in found if _compares(n, settings()[n.key], protocol, view.score)]
    return PublishedBeside(_sentence(found, alike, data, protocol, view.score), _table(alike) if alike else None)


def _compares(number: PublishedNumber, setting: Setting, protocol: str, score: str) -> bool:
    comparison = (setting.scores or {}).get(number.metric)
    if comparison is None or setting.cannot is not None:
        return False
    # A protocol with changed fields keeps its name although it is another protocol.
    same = isinstance(setting.protocol, str) and setting.compared_protocol(comparison) == protocol
    return same and same_score(score, comparison.score) and comparison.times == 1


def _sentence(found: Sequence[PublishedNumber], alike: Sequence[PublishedNumber], data: str, protocol: str, score: str) -> str:
    rest = [n for n in found if n not in alike]
    parts = []
    if alike:
        parts.append(
            f"{plural(len(alike), 'published number')} on {data} {'is' if len(alike) == 1 else 'are'} {score} under {protocol}, as here."
        )
        parts.append("They are results of other searches and lengths of training: read the columns before comparing.")
    if rest:
        metrics = ", ".join(dict.fromkeys(n.metric for n in rest))
        more = "more " if alike else ""
        verb = "is" if len(rest) == 1 else "are"
        parts.append(
            f"{plural(len(rest), f'{more}published number')} on {data} ({metrics}) {verb} of another score or protocol"
            f" and cannot be compared with {score} under {protocol}."
        )
    return " ".join(parts)


def _table(numbers: Sequence[PublishedNumber]) -> Table:
    fields = ("model", "loss", "normalization", "regularizer", "architecture", "source")
    rows = [{name: getattr(n, name) for name in fields} | {"row": n.key, "published": n.shown, "steps": n.training_steps} for n in numbers]
    frame = pd.DataFrame(rows, columns=[key for column in _COLUMNS for key in column.keys])
    return Table("published", "Published numbers on the same data under the same protocol", "", _COLUMNS, frame, most_rows=1000)
