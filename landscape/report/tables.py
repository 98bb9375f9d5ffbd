"""Holds tables as data. Each is rendered to HTML and to CSV from one frame."""

import io
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from landscape.report import formats

Render = Callable[[Any], str]
RENDERERS: Mapping[str, Render] = {
    "text": lambda value: formats.ABSENT if value is None or value != value or value == "" else str(value),
    "number": formats.number,
    "count": formats.count,
    "share": formats.share,
    "seconds": formats.duration,
    "strip": lambda value: "",
}
NOTHING = Markup("")
WORD_BREAK = Markup("<wbr>")
SEPARATED = re.compile(r"(?<=[/_,.:=+])(?=[^\W\d_])")
SHORTEST = 12
"""The number of letters up to which a text is never broken."""
LONGEST_WORD = 28
"""The number of letters of the longest word for which a column of the page makes room."""
FEWEST_EQUAL = 3
"""The number of equal rows from which on one sentence replaces them."""
MOST_DOTS = 120
"""The number of trials that a strip shows at most. Of more trials, every second, third, ... in order of score is drawn."""


def breakable(text: Any) -> Markup:
    """Return a text as HTML in which a long name, such as `spectral_conditional_batch`, may break after each separator.

    A browser breaks it inside a word otherwise. `landscape/report/frontend/src/dom.js` does the same to what the script writes.
    """
    found = str(text)
    return WORD_BREAK.join(map(escape, SEPARATED.split(found) if len(found) > SHORTEST else [found]))


@dataclass(frozen=True)
class Column:
    """One column. With `interval`, `<key>_low` and `<key>_high` are shown in the same cell, and have columns of their own in the CSV."""

    key: str
    label: str
    kind: str = "text"
    interval: bool = False
    help: str = ""
    note: str = ""
    """The key of a text that stands below the number, and that has a column of its own in the CSV."""
    note_label: str = ""
    """What stands before the note on the page, such as `rank`."""
    of: str = ""
    """For a `strip`, which is a small plot of every trial's score: the key of the interval that is drawn over it."""
    optional: bool = False
    """Whether the page leaves the column out if no row has a value."""

    @property
    def keys(self) -> list[str]:
        """The names of the columns in the CSV."""
        with_interval = [self.key, f"{self.key}_low", f"{self.key}_high"] if self.interval else [self.key]
        return [*with_interval, self.note] if self.note else with_interval


@dataclass(frozen=True)
class Cell:
    """One cell as the template writes it."""

    text: str
    sort: str
    """What sorting compares, which is the raw number or the text."""
    numeric: bool
    interval: str = ""
    note: str = ""
    plot: Markup = NOTHING

    @property
    def breaks(self) -> bool:
        """Whether the text has a word that is so long that it must be broken."""
        return max(map(len, self.text.split()), default=0) > LONGEST_WORD


@dataclass(frozen=True)
class Table:
    """One table. `name` is its file's name; the first column names the row."""

    name: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    most_rows: int = 200
    """The number of rows on the page. The CSV has all rows, and the page says so."""
    floor: float | None = None
    """The score of real samples, which is marked in the strips."""
    compact: bool = False
    """Whether intervals stand beside their numbers instead of below them."""
    summary: str = ""
    """The sentence that the page shows in place of the rows. The CSV has the rows."""

    @property
    def hidden_rows(self) -> int:
        return max(0, len(self.frame) - self.most_rows)

    @property
    def sentence(self) -> str:
        """The sentence that says the same as the rows: the `summary`, or what at least three equal rows say. It is empty for others."""
        first, *columns = self.columns_shown or (Column("", ""),)
        keys = [key for column in columns for key in column.keys if key in self.frame]
        if self.summary or len(self.frame) < FEWEST_EQUAL or not keys or any(self.frame[key].nunique(dropna=False) > 1 for key in keys):
            return self.summary
        cells = zip(columns, self.rows()[0][1:], strict=True)
        said = (f"{column.label} {' '.join(part for part in (cell.text, cell.interval, cell.note) if part)}" for column, cell in cells)
        return f"The same in all {len(self.frame)} rows ({first.label}): {'; '.join(said)}."

    def rows(self) -> list[list[Cell]]:
        """Return the cells of the rows on the page."""
        shown, columns = self.frame.head(self.most_rows), self.columns_shown
        scales = {c.key: _scale(shown, c, self.floor) for c in columns if c.kind == "strip"}
        return [[_cell(column, row, scales.get(column.key)) for column in columns] for row in shown.to_dict("records")]

    def scale_text(self, column: Column) -> str:
        """Return what the ends of a strip stand for, such as `1.2 to 310, log scale`. It is empty for other columns."""
        scale = _scale(self.frame.head(self.most_rows), column, self.floor) if column.kind == "strip" else None
        return f"{formats.number(scale.low)} to {formats.number(scale.high)}{', log scale' if scale.log else ''}" if scale else ""

    @property
    def columns_shown(self) -> tuple[Column, ...]:
        """The columns that the page shows."""
        return tuple(c for c in self.columns if not c.optional or any(not _is_absent(v) for v in self.frame.get(c.key, ())))

    def csv(self) -> bytes:
        """Return every row in UTF-8, without rounding. An absent value is empty, and a diverged trial is `inf`.

        Text that a spreadsheet would run as a formula gets a quote before it.
        """
        keys = [key for column in self.columns for key in column.keys if key in self.frame]
        frame = self.frame[keys].map(_field)
        buffer = io.StringIO()
        frame.to_csv(buffer, index=False, lineterminator="\n")
        return buffer.getvalue().encode()


def _field(value: Any) -> Any:
    """Return a field of the CSV. Scores of several trials in one field are separated by semicolons."""
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _is_absent(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _cell(column: Column, row: Mapping[Any, Any], scale: "_Scale | None") -> Cell:
    value = row.get(column.key)
    whole = column.kind == "number" and isinstance(value, int)  # Counts stand among other scores here.
    render = RENDERERS["count" if whole else column.kind]
    if column.kind == "strip":
        scores = value if isinstance(value, tuple) else ()
        ends = row.get(column.of), row.get(f"{column.of}_low"), row.get(f"{column.of}_high")
        return Cell("", str(scores[0]) if scores else "", True, plot=scale.strip(scores, *ends) if scale else NOTHING)
    sort = "" if _is_absent(value) else str(value)
    interval = ""
    if column.interval:
        interval = formats.interval(row.get(f"{column.key}_low", math.nan), row.get(f"{column.key}_high", math.nan), render)
    note = f"{column.note_label} {row.get(column.note) or ''}".strip() if column.note and row.get(column.note) else ""
    return Cell(render(value), sort, column.kind != "text", interval, note)


STRIP_WIDTH, STRIP_HEIGHT = 150, 22


@dataclass(frozen=True)
class _Scale:
    """The horizontal scale that the strips of one column share."""

    low: float
    high: float
    log: bool
    floor: float | None

    def x(self, value: float) -> float:
        """Return the place of a value in the strip, in its units. Infinity is at the right edge."""
        if math.isinf(value):
            return float(STRIP_WIDTH - 3) if value > 0 else 3.0
        a, b, v = (math.log(self.low), math.log(self.high), math.log(value)) if self.log else (self.low, self.high, value)
        return round(6 + (STRIP_WIDTH - 18) * (v - a) / (b - a), 1)

    def strip(self, scores: tuple[float, ...], value: Any, low: Any, high: Any) -> Markup:
        """Return the drawing: a dot for each trial, a tick for each diverged one, and a bar with a point for the interval.

        It is hidden from screen readers, because the CSV has the same numbers.
        """
        step = -(-len(scores) // MOST_DOTS) or 1
        parts = [self._mark(x) for x in scores[::step]]
        if self.floor is not None:
            parts.append(f'<line class="mini-floor" x1="{self.x(self.floor)}" x2="{self.x(self.floor)}" y1="1" y2="21"/>')
        if not any(_is_absent(end) for end in (value, low, high)):
            parts.append(f'<line class="mini-bar" x1="{self.x(low)}" x2="{self.x(high)}" y1="15" y2="15"/>')
            parts.append(f'<circle class="mini-point" cx="{self.x(value)}" cy="15" r="3.4"/>')
        size = f'viewBox="0 0 {STRIP_WIDTH} {STRIP_HEIGHT}" width="{STRIP_WIDTH}" height="{STRIP_HEIGHT}"'
        return Markup(f'<svg class="mini" {size} aria-hidden="true" focusable="false">{"".join(parts)}</svg>')  # noqa: S704 - numbers only

    def _mark(self, score: float) -> str:
        x = self.x(score)
        if math.isinf(score):
            return f'<line class="mini-diverged" x1="{x}" x2="{x}" y1="3" y2="11"/>'
        return f'<circle class="mini-dot" cx="{x}" cy="7" r="2.2"/>'


def _scale(frame: pd.DataFrame, column: Column, floor: float | None) -> _Scale | None:
    if column.key not in frame:
        return None
    intervals = [frame[f"{column.of}{end}"] for end in ("_low", "_high") if f"{column.of}{end}" in frame]
    values = [float(x) for scores in frame[column.key] for x in scores] + [float(x) for ends in intervals for x in ends]
    values = [v for v in [*values, *([floor] if floor is not None else [])] if math.isfinite(v)]
    if len(values) < 2 or min(values) == max(values):
        return None
    low, high = min(values), max(values)
    return _Scale(low, high, low > 0 and high / low > 8, floor)
