"""Reads the pickles of CIFAR (dicts, lists, strings, numbers, one array of bytes) without running anything that they name.

Unpickling calls whatever the file asks for. Here, every name that NumPy's arrays need stands for an inert substitute, and every other name
is refused. The unpickler is the one in pure Python, because that in C lets a few bytes of a file claim gigabytes for its memo.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscape.components.datasets._readers.files import read_bytes
from landscape.core.errors import UserError

MAX_PICKLE_BYTES = 64 * 2**20
"""The size of the largest pickle that is read: twice the largest batch of CIFAR."""


class _Dtype:
    """Stands for numpy.dtype, and keeps its code."""

    def __init__(self, code: object = "", *_: object) -> None:
        self.code = code.decode("latin1") if isinstance(code, bytes) else code

    def __setstate__(self, state: object) -> None:
        pass


class _Array:
    """Stands for numpy.ndarray. It keeps the shape, the type and the bytes, and makes an array of them only after they were checked."""

    def __init__(self, *_: object) -> None:
        self.state: Any = None

    def __setstate__(self, state: object) -> None:
        self.state = state

    def levels(self) -> NDArray[np.uint8]:
        _, shape, dtype, is_fortran, content = self.state
        if not isinstance(dtype, _Dtype) or dtype.code not in ("u1", "|u1") or is_fortran:
            raise ValueError("its array is not of bytes in C order")
        if isinstance(content, str):
            content = content.encode("latin1")
        return np.frombuffer(content, dtype=np.uint8).reshape(tuple(int(n) for n in shape))


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _frombuffer(content: object, dtype: object, shape: object, order: object = "C") -> _Array:
    """Stand for the call as which protocol 5 writes an array."""
    array = _Array()
    array.state = (1, shape, dtype, order != "C", content)
    return array


def _encode(text: object, encoding: object = "latin1", *_: object) -> bytes:
    """Stand for the call of which, with text, Python 3 makes bytes when it writes by protocol 2."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("it encodes text otherwise than by latin1")
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Any] = {
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _reconstruct for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _frombuffer for core in ("core", "_core")},
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
}


class _Inert(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise ValueError(f"it asks for {module}.{name}")
        return _ALLOWED[module, name]


def read_batch(path: Path, wanted: tuple[str, ...]) -> dict[str, Any]:
    """Read the entries `wanted` of a pickled dict: lists as they are, arrays as uint8 arrays.

    Raises:
        UserError: The file is no such pickle, is truncated, or asks for anything but plain data.
    """
    data = read_bytes(path, MAX_PICKLE_BYTES)
    try:
        content = _Inert(io.BytesIO(data), encoding="latin1").load()
        if not isinstance(content, dict):
            raise ValueError("it holds no dict")
        found = {name: _entry(content, name) for name in wanted}
        return {name: value.levels() if isinstance(value, _Array) else value for name, value in found.items()}
    # On damaged pickles, the unpickler raises many types (IndexError, KeyError, EOFError, MemoryError, ...).
    except Exception as error:
        raise UserError(f"{path} is not a batch of CIFAR or is damaged ({error or type(error).__name__}): fetch it again") from error


def _entry(content: dict[Any, Any], name: str) -> Any:
    key = next((k for k in (name, name.encode()) if k in content), None)
    if key is None:
        raise ValueError(f"it has no entry {name!r}")
    return content[key]
