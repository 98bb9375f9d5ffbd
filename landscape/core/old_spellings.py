"""Maps the spellings of public fields in earlier versions to the present ones, so that old records and studies can be read."""

from collections.abc import Mapping
from typing import Any

RENAMED = {"dequantise": "dequantize", "quantise": "quantize"}
"""Maps each old spelling to the present one."""


def respelled(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return `data` with the present spelling of its own keys. Nested mappings are left as they are."""
    return {RENAMED.get(name, name): value for name, value in data.items()}
