"""Names of public fields as earlier versions spelled them: records, studies and configurations that use them are still read."""

from collections.abc import Mapping
from typing import Any

RENAMED = {"dequantise": "dequantize", "quantise": "quantize"}
"""Old spelling -> present one."""


def respelled(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with the present spelling of its own keys; what lies deeper is left as it is."""
    return {RENAMED.get(name, name): value for name, value in data.items()}
