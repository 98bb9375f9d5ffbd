"""Counts, numbers and lists in words."""

from collections.abc import Sequence


def plural(n: int, noun: str, nouns: str = "") -> str:
    """Return a count with its noun, such as `1 trial`, `72 trials` or `12,000 steps`.

    Args:
        n: The count, at least 0.
        noun: The word for one.
        nouns: The word for any other count, if it is not `noun` with an `s`.
    """
    return f"{n:,} {noun if n == 1 else nouns or noun + 's'}"


def significant(value: float, digits: int = 3) -> str:
    """Return a number with at most so many significant digits, such as `0.5` or `12,300`; it has an exponent from ten million on."""
    text = f"{value:.{digits}g}"
    return f"{float(text):,.7g}" if 1 <= abs(float(text)) < 1e7 else text


def end_of_interval(value: float) -> str:
    """Return an end of an interval as `significant` does, with more digits if three would make it the 0 or the 1 of no difference."""
    texts = [significant(value, digits) for digits in range(3, 8)]
    return next((text for text in texts if text not in ("0", "1") or float(text) == value), texts[-1])


def join(parts: Sequence[str], last: str = "and") -> str:
    """Return a list in words, such as `a`, `a and b` or `a, b and c`. The word `last` stands before the last part."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def words(name: str) -> str:
    """Return the name of an axis or a field in words: `d_normalization` is `D normalization`, and `regularizers` is `regularizer`."""
    text = name.replace("_", " ").replace("regularizers", "regularizer")
    for letter in "dg":
        if text.startswith(f"{letter} "):
            text = letter.upper() + text[1:]
    return text
