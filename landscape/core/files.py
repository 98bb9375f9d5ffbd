"""Writes files completely or not at all, and reads JSON files with clear errors."""

import contextlib
import json
import math
import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landscape.core.errors import UserError

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""Half of a pair of surrogates in JSON, escaped or not."""


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write `data` to `path` as JSON, completely or not at all.

    A temporary file in the same folder is written, flushed to disk and then renamed. There are no spaces between the parts, which would be
    a tenth of a record.

    Raises:
        UserError: The folder cannot be written, or the disk is full.
        ValueError: `data` contains NaN or infinity.
    """
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False) + "\n"
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes, *, flush: bool = True) -> None:
    """Write `content` to `path`, completely or not at all, as `write_json` does.

    Args:
        path: The file. Its folder is made if it is missing.
        content: All of its bytes.
        flush: Whether to wait until they lie on the disk, which takes long for many files.

    Raises:
        UserError: The folder cannot be written, or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            if flush:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise UserError(f"cannot write {path}: {error.strerror or error}; free space there or choose another folder") from error


def require_writable(folder: Path) -> None:
    """Check that files can be written in `folder`, before long work whose outcome will be stored there.

    A file is written and removed again, and so are the folders that had to be created for it.

    Raises:
        UserError: The folder cannot be written.
    """
    missing: list[Path] = []
    probe = folder / f".{uuid.uuid4().hex[:8]}.tmp"
    try:
        missing += [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}; check its permissions or choose another folder") from error
    finally:
        for path in missing:
            with contextlib.suppress(OSError):
                path.rmdir()


def finite_number(text: str) -> float:
    """Convert a number of a JSON file.

    Raises:
        ValueError: The number overflows to infinity, which no file of this program can contain.
    """
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is no finite number")
    return number


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON")


def check_text(data: object, content: bytes) -> None:
    """Check that the texts in `data`, which were read from the JSON `content`, can be written again.

    Raises:
        ValueError: A text has half of a pair of surrogates, which is no character.
    """
    if _SURROGATE.search(content):
        json.dumps(data, ensure_ascii=False).encode()


def read_json(path: Path) -> dict[str, Any]:
    """Read the JSON object in `path`.

    Raises:
        UserError: The file is missing, cannot be read, or does not hold exactly one JSON object with finite numbers and true text.
    """
    try:
        content = path.read_bytes()
        data = json.loads(content, parse_constant=_refuse, parse_float=finite_number)
        check_text(data, content)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged: {error}") from error
    if not isinstance(data, dict):
        raise UserError(f"{path} is damaged: expected a JSON object, found {type(data).__name__}")
    return data
