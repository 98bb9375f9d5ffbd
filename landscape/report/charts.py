"""Drawings that a page's script makes from a description and a few columns of data, in place of finished pictures in the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from landscape.report.figures._style import label_styles
from landscape.report.interactive.trial_columns import plain

MOST_POINTS = 20_000
"""Rows that a chart may hold: each is an element of the drawing."""


@dataclass(frozen=True)
class Chart:
    """What is drawn of a frame: the names are those of its columns."""

    kind: Literal["lines", "dots", "intervals"]
    frame: pd.DataFrame
    x: str
    y: str
    x_label: str = ""
    y_label: str = ""
    series: str = ""
    """A line, or a color, for each value of this column."""
    across: str = ""
    """A panel for each value of this column, side by side."""
    across_label: str = ""
    down: str = ""
    """The same, one below the other."""
    down_label: str = ""
    low: str = ""
    high: str = ""
    """Of `intervals`: the ends of the bar; absent ends leave the point alone."""
    band: tuple[float, float] = (0.0, 0.0)
    """Of `intervals`: what counts as agreement."""
    rules: tuple[float, ...] = ()
    """Dashed horizontal lines."""
    crosses: tuple[tuple[float, float], ...] = ()
    """Of `dots`: places that every panel marks."""
    square: bool = False
    """Whether both axes have one scale and no ticks."""
    x_domain: tuple[float, float] | None = None
    y_domain: tuple[float, float] | None = None
    told: Sequence[str] = field(default=())
    """Columns that the pointer shows; all that are drawn by default."""

    def to_json(self, alt: str) -> dict[str, Any]:
        """The chart as the script reads it; `alt` says in words what is drawn.

        Numbers have six significant digits; absent and infinite ones are null.
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
