"""Writes numbers for a reader. NaN stands for an absent value, and infinity for a diverged trial."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import yaml

from landscape.core import durations

ABSENT = "–"


def number(value: Any) -> str:
    """Return a number with three significant digits: `3.63`, `0.0042`, `12,300`. `∞` stands for diverged and `–` for absent."""
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
    """Return an ISO 8601 time in the form `2026-11-29 13:56 UTC`. Other texts are returned unchanged."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if found.tzinfo else text


def count(value: Any) -> str:
    """Return a whole number with its thousands separated."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ABSENT
    return number(value) if math.isinf(value) else f"{round(value):,}"


def share(value: Any) -> str:
    """Return a share in [0, 1] as a percentage: `5.6%`, `40%`. `0%` and `100%` are exact: shares near them are `<0.1%` and `>99%`."""
    if value is None or math.isnan(value):
        return ABSENT
    percent = 100 * value
    if 0 < percent < 0.05:
        return "<0.1%"
    if 99.5 <= percent < 100:
        return ">99%"
    return f"{percent:.0f}%" if percent in (0, 100) or percent >= 9.95 else f"{percent:.1f}%"


def duration(seconds: Any) -> str:
    """Return a time in a unit that a reader would choose: `9.2 s`, `14 min`, `3.1 h`, `2.4 days`. `–` stands for absent."""
    return ABSENT if seconds is None or math.isnan(seconds) else durations.duration(seconds)


def interval(low: Any, high: Any, render: Any = number) -> str:
    """Return an interval as `[3.2, 6]`, or an empty text if there is none. An infinite end is written as `diverged`."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    low_text, high_text = ("diverged" if math.isinf(end) else render(end) for end in (low, high))
    return f"[{low_text}, {high_text}]"


def as_yaml(data: Any) -> str:
    """Return data as YAML text, and an empty text for empty data."""
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100) if data else ""


def as_flow(key: str, value: Mapping[str, Any]) -> str:
    """Return a key and its value as YAML on one line: `confirmation: {axes: [loss], most_seeds: 15}`."""
    return f"{key}: {yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000).strip()}"
