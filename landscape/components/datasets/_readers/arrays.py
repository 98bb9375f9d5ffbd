"""Arrays that a user hands over: .npz (or .npy) and MATLAB's .mat, read within limits and without running anything in them."""

import math
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from landscape.components.datasets._readers.child import Child
from landscape.core.errors import UserError, reason_of

MAX_ARRAY_BYTES = 4 * 2**30
"""Largest array that is read."""
KINDS = "biuf"
"""Booleans, integers, floats: no objects, whose loading would run code."""
Arrays = Mapping[str, NDArray[Any]]


def read_arrays(path: Path, names: Collection[str] | None = None) -> Arrays:
    """The arrays `names` (None: all) of an .npz, .npy (its one array is called `array`) or .mat; absent names are left out.

    Raises:
        UserError: missing, not such a file, damaged, an array of objects or larger than `MAX_ARRAY_BYTES`; names the file.
    """
    try:
        if not path.is_file():
            raise UserError(f"{path}: no such file")
        if path.suffix == ".mat":
            return _read_mat(path, names)
        if path.suffix == ".npy":
            with path.open("rb") as file:
                return {"array": _read_npy(file, path)}
        with zipfile.ZipFile(path) as archive:
            members = {m.removesuffix(".npy"): m for m in archive.namelist() if m.endswith(".npy")}
            wanted = members if names is None else {n: m for n, m in members.items() if n in names}
            return {name: _read_member(archive, member, path) for name, member in wanted.items()}
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    # zipfile, zlib and numpy raise a dozen types on damaged files (BadZipFile, ValueError, SyntaxError, EOFError, MemoryError, ...).
    except Exception as error:
        raise UserError(f"{path} is damaged or no array file ({reason_of(error)})") from error


def _read_member(archive: zipfile.ZipFile, member: str, path: Path) -> NDArray[Any]:
    with archive.open(member) as file:
        return _read_npy(file, path)


def _read_npy(file: IO[bytes], path: Path) -> NDArray[Any]:
    """The array; its header is judged before any memory is set aside for it."""
    version = npy.read_magic(file)
    read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read_header is None:
        raise ValueError(f"version {version} of the .npy format is not read")
    shape, fortran, dtype = read_header(file)
    if dtype.kind not in KINDS:
        raise UserError(f"{path} holds an array of {dtype}: only numbers are read")
    size = math.prod(shape) * dtype.itemsize
    if size > MAX_ARRAY_BYTES:
        raise UserError(f"{path} claims an array of {size:,} bytes, over the limit of {MAX_ARRAY_BYTES:,}")
    data = bytearray()
    # A damaged header must not make us set memory aside for what never comes.
    while len(data) < size and (piece := file.read(min(1 << 24, size - len(data)))):
        data += piece
    if len(data) < size:
        raise UserError(f"{path} is truncated: {len(data):,} of {size:,} bytes of an array")
    array = np.frombuffer(data, dtype=dtype)
    return array.reshape(shape[::-1]).transpose() if fortran else array.reshape(shape)


def _read_mat(path: Path, names: Collection[str] | None) -> Arrays:
    with Child("landscape.components.datasets._readers.mat_child", path, *(names or ())) as child:
        found = {}
        for description in child.header()["arrays"]:
            content = child.frame(MAX_ARRAY_BYTES)
            found[description["name"]] = np.frombuffer(content, np.dtype(description["dtype"])).reshape(description["shape"])
        child.finish()
        return found
