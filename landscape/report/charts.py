"""Describes drawings that a page's script makes from a few columns of data, so that the page needs no finished pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from landscape.report.figures._style import label_styles
from landscape.report.interactive.trial_columns import plain

MOST_POINTS = 20_000
"""The number of rows that a chart may have, because each row is an element of the drawing."""


@dataclass(frozen=True)
class Chart:
    """A description of what is drawn from a frame. The names are names of its columns."""

    kind: Literal["lines", "dots", "intervals"]
    frame: pd.DataFrame
    x: str
    y: str
    x_label: str = ""
    y_label: str = ""
    series: str = ""
    """Each value of this column has its own line, or its own color."""
    across: str = ""
    """Each value of this column has its own panel. These panels stand side by side."""
    across_label: str = ""
    down: str = ""
    """Each value of this column has its own panel. These panels stand one below the other."""
    down_label: str = ""
    low: str = ""
    high: str = ""
    """The columns with the ends of the bar of `intervals`. A row without ends is drawn as a point alone."""
    band: tuple[float, float] = (0.0, 0.0)
    """The range of `intervals` that counts as agreement."""
    rules: tuple[float, ...] = ()
    """The places of dashed horizontal lines."""
    crosses: tuple[tuple[float, float], ...] = ()
    """The places that every panel of `dots` marks by a cross."""
    square: bool = False
    """Whether both axes have the same scale and no ticks."""
    x_domain: tuple[float, float] | None = None
    y_domain: tuple[float, float] | None = None
    told: Sequence[str] = field(default=())
    """The columns that are shown at the pointer. By default, these are all that are drawn."""

    def to_json(self, alt: str) -> dict[str, Any]:
        """Return the chart as the script reads it. `alt` says in words what is drawn.

        Numbers have six significant digits. Absent and infinite ones become null.
        """
        assert len(self.frame) <= MOST_POINTS
        drawn = (self.x, self.y, self.series, self.across, self.down, self.low, self.high, *self.told)
        used = list(dict.fromkeys(name for name in drawn if name))
        colors = {label: style.color for label, style in label_styles(map(str, self.frame[self.series])).items()} if self.series else {}
        data = {name: [plain(value) for value in self.frame[name].tolist()] for name in used}
        if self.series:
            data[self.series] = [str(value) for value in data[self.series]]
        names = ("kind", "x", "y", "x_label", "y_label", "series", "across", "across_label", "down", "down_label", "low", "high", "square")
        said: Mapping[str, Any] = {name: getattr(self, name) for name in names}
        domains = {name: list(ends) for name in ("x_domain", "y_domain") if (ends := getattr(self, name)) is not None}
        marks = {"band": list(self.band), "rules": list(self.rules), "crosses": [list(point) for point in self.crosses]}
        return {**said, **domains, **marks, "told": list(self.told) or used, "alt": alt, "colors": colors, "data": data}
