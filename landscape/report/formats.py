"""Numbers as a reader sees them. NaN stands for absent, infinity for diverged."""

import math
from datetime import UTC, datetime
from typing import Any

import yaml

from landscape.core import durations

ABSENT = "–"


def number(value: Any) -> str:
    """Three significant digits: `3.63`, `0.0042`, `12,300`; `∞` for diverged, `–` for absent."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ABSENT
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)) + 1e-12)
    if exponent >= 7 or exponent < -4:
        return f"{value:.2e}"
    rounded = round(value, 2 - exponent)
    return f"{rounded:,.{max(0, 2 - exponent)}f}"


def moment(text: str) -> str:
    """`2026-11-29 13:56 UTC` of an ISO 8601 time; other texts as they are."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if found.tzinfo else text


def count(value: Any) -> str:
    """A whole number with thousands separated."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ABSENT
    return number(value) if math.isinf(value) else f"{round(value):,}"


def share(value: Any) -> str:
    """A share in [0, 1] as per cent: `5.6%`, `40%`."""
    if value is None or math.isnan(value):
        return ABSENT
    percent = 100 * value
    return f"{percent:.0f}%" if percent in (0, 100) or percent >= 9.95 else f"{percent:.1f}%"


def duration(seconds: Any) -> str:
    """`9.2 s`, `14 min`, `3.1 h`, `2.4 days`; absent where there is no time."""
    return ABSENT if seconds is None or math.isnan(seconds) else durations.duration(seconds)


def interval(low: Any, high: Any, render: Any = number) -> str:
    """`[3.2, 6]`; empty where there is no interval. An infinite end reads `diverged`."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    low_text, high_text = ("diverged" if math.isinf(end) else render(end) for end in (low, high))
    return f"[{low_text}, {high_text}]"


def as_yaml(data: Any) -> str:
    """Return data as YAML text, and an empty text for empty data."""
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100) if data else ""
