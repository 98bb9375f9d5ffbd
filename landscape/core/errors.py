"""The one exception that stands for a user's mistake."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake in what the user gave: one line that names the thing and the remedy.

    The command line prints it on stderr and exits with code 2; library users catch it as any exception.
    """


def unknown(kind: str, name: str, valid: Iterable[str]) -> UserError:
    """The error for a name that does not exist: lists the valid ones and suggests the nearest."""
    choices = sorted(valid)
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UserError(f"unknown {kind} {name!r}: {hint}choose from {', '.join(choices) or 'nothing (none is registered)'}")


class SamplesError(UserError):
    """What a model gives are no samples: not finite, or outside of the data's range."""
