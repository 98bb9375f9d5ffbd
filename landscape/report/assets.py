"""Reads the built scripts and styles of the pages, and computes the digests by which a page's policy allows them."""

import base64
import hashlib
from functools import cache
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"


@cache
def asset(name: str) -> str:
    """Return the text of a built file."""
    return (ASSETS / name).read_text(encoding="utf-8")


def source_hash(text: str) -> str:
    """Return `'sha256-...'`, which is how a content-security policy names an inline script or style with exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
