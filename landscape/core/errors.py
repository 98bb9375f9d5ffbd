"""The exceptions that stand for a user's mistake."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake in what the user gave, as one line that names the thing and the remedy.

    The command line prints it on stderr and exits with code 2. Users of the library catch it like any other exception.
    """


def reason_of(error: BaseException) -> str:
    """Return the first line of an error's text without its last full stop, to be put into a sentence; its type if it has no text."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:; ")


def unknown(kind: str, name: str, valid: Iterable[str]) -> UserError:
    """Return the error for a name that does not exist. It lists the valid names and suggests the most similar one."""
    choices = sorted(valid)
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UserError(f"unknown {kind} {name!r}: {hint}choose from {', '.join(choices) or 'nothing (none is registered)'}")


class SamplesError(UserError):
    """A model's output cannot be used as samples, because it is not finite or lies outside the range of the data."""
