"""Sends the named numeric arrays of a MATLAB file (up to version 7.2). Run as a process with a memory limit: `_child.Child`."""

import sys

from landscape.components.datasets._readers.child import fail, limit_memory, send, send_header, wait_for_parent

EXTRA_BYTES = 9 * 2**30
"""Twice the largest array, and room for the interpreter."""


def main(path: str, names: list[str]) -> None:
    """Stream the arrays `names` (all, where empty) of the file at `path`."""
    wait_for_parent()
    import numpy as np
    from scipy.io import loadmat

    limit_memory(EXTRA_BYTES)
    try:
        content = loadmat(path, variable_names=names or None)
    # A damaged file makes scipy raise what it likes (ValueError, TypeError, zlib.error, MemoryError, NotImplementedError for 7.3, ...).
    except Exception as error:
        fail(f"{error or type(error).__name__}: it is not a MATLAB file up to version 7.2, or is damaged")
        return
    arrays = {k: np.ascontiguousarray(v) for k, v in content.items() if isinstance(v, np.ndarray) and v.dtype.kind in "biuf"}
    send_header({"arrays": [{"name": k, "dtype": v.dtype.str, "shape": v.shape} for k, v in arrays.items()]})
    for array in arrays.values():
        send(array.tobytes())
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
