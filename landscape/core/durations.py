"""Times in words."""


def duration(seconds: float) -> str:
    """Return `seconds` (at least 0) in the unit that a reader would choose: `0.4 s`, `9.2 s`, `45 s`, `12 min`, `3.4 h`, `2.1 days`."""
    for limit, unit, size in ((100, "s", 1), (6000, "min", 60), (360_000, "h", 3600)):
        if seconds < limit:
            return f"{two_digits(seconds / size)} {unit}"
    return f"{two_digits(seconds / 86400)} days"


def between(least: float, most: float) -> str:
    """Return a range of seconds in words: `1.2 to 3.4 h`, `50 s to 2.1 min`, `about 45 s` where both ends read the same."""
    (low, low_unit), (high, high_unit) = (duration(end).split() for end in (least, most))
    if (low, low_unit) == (high, high_unit):
        return f"about {low} {low_unit}"
    return f"{low} to {high} {high_unit}" if low_unit == high_unit else f"{low} {low_unit} to {high} {high_unit}"


def two_digits(value: float) -> str:
    """Return `value` (at least 0) with two significant digits or more: whole from 10 on, and never with an exponent from .0001 on."""
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.2g}"
