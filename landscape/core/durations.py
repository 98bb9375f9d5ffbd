"""Times in words."""


def duration(seconds: float) -> str:
    """Return `seconds` (at least 0) in the unit that a reader would choose: `0.4 s`, `9.2 s`, `45 s`, `12 min`, `3.4 h`, `2.1 days`."""
    for limit, unit, size in ((100, "s", 1), (6000, "min", 60), (360_000, "h", 3600)):
        if seconds < limit:
            return f"{_two_digits(seconds / size)} {unit}"
    return f"{_two_digits(seconds / 86400)} days"


def _two_digits(value: float) -> str:
    """At least two significant digits; whole numbers from 10 on."""
    text = f"{value:.0f}" if value >= 9.95 else f"{value:.2g}"
    return text.removesuffix(".0")
