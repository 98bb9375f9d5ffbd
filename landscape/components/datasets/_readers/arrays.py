"""Reads arrays from a user's .npz, .npy or MATLAB .mat file, within limits and without running anything that the file holds."""

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
"""The size of the largest array that is read."""
KINDS = "biuf"
"""The kinds of NumPy types that are read: booleans, integers and floats. Objects are refused, because loading them would run code."""
Arrays = Mapping[str, NDArray[Any]]


def read_arrays(path: Path, names: Collection[str] | None = None) -> Arrays:
    """Read the arrays of an .npz, .npy or .mat file.

    Args:
        path: The file.
        names: The names of the arrays. None stands for all arrays. The one array of an .npy file is called `array`.

    Returns:
        The arrays by name. Names that the file does not hold are left out.

    Raises:
        UserError: The file is missing, damaged or of another kind, or an array holds objects or is larger than `MAX_ARRAY_BYTES`.
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
    # On damaged files, zipfile, zlib and numpy raise many types (BadZipFile, ValueError, SyntaxError, EOFError, MemoryError, ...).
    except Exception as error:
        raise UserError(f"{path} is damaged or no array file ({reason_of(error)})") from error


def _read_member(archive: zipfile.ZipFile, member: str, path: Path) -> NDArray[Any]:
    with archive.open(member) as file:
        return _read_npy(file, path)


def _read_npy(file: IO[bytes], path: Path) -> NDArray[Any]:
    """Read one array. Its header is checked before any memory is set aside for it."""
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
    # The array is read in pieces, because a damaged header may claim far more than the file holds.
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
