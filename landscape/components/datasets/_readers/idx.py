"""Reads the IDX format of MNIST and its relatives, plain or gzipped."""

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from landscape.core.errors import UserError, reason_of

MAX_IDX_BYTES = 512 * 2**20
"""The size of the largest array that a header may claim."""
_UNSIGNED_BYTES = 0x08


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read the uint8 array of a file, which is gzipped if its name ends in .gz.

    Args:
        path: The file.
        dimensions: The number of dimensions that the array must have.

    Raises:
        UserError: The magic number or the number of dimensions is wrong, or the file is shorter or longer than its header says.
    """
    with _opened(path) as file:
        head = file.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] != _UNSIGNED_BYTES or head[3] != dimensions:
            expected = f"0000080{dimensions}"
            raise UserError(
                f"{path} is not an IDX file of {dimensions}-dimensional bytes (magic {head.hex()}, expected {expected}): fetch it again"
            )
        sizes = file.read(4 * dimensions)
        if len(sizes) < 4 * dimensions:
            raise UserError(f"{path} is truncated within its header: fetch it again")
        shape = struct.unpack(f">{dimensions}I", sizes)
        expected_bytes = math.prod(shape)
        if expected_bytes > MAX_IDX_BYTES or 0 in shape:
            raise UserError(f"{path} claims the shape {shape}, which is empty or over the limit of {MAX_IDX_BYTES:,} bytes: it is damaged")
        data = file.read(expected_bytes + 1)
    if len(data) != expected_bytes:
        what = "is truncated" if len(data) < expected_bytes else "goes on after its end"
        raise UserError(f"{path} {what}: its header promises {expected_bytes:,} bytes of data; fetch it again")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            yield cast(BinaryIO, file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path} is truncated or not a gzip file ({reason_of(error)}): fetch it again") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
