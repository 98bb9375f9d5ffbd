"""The script and style of the interactive page: built files of the package, with the digests that the page's policy names."""

import base64
import hashlib
from functools import cache
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"


@cache
def asset(name: str) -> str:
    """The text of a built file."""
    return (ASSETS / name).read_text(encoding="utf-8")


def source_hash(text: str) -> str:
    """`'sha256-...'` as a content-security policy names an inline script or style with exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
