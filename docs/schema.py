"""Writes docs/study.schema.json, the schema of study files: `python docs/schema.py`."""

import json
from pathlib import Path

from landscape.space.schema import schema

FILE = Path(__file__).with_name("study.schema.json")


def text() -> str:
    """The content of the file."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
