"""The error of components that have no meaning together."""

from landscape.core.errors import UserError


class UndefinedCombinationError(UserError):
    """The parts exist, but together they have no meaning or are the same model as another combination.

    A study records such a cell as skipped.
    """
