"""Sends the numeric arrays of a MATLAB file (up to version 7.2). `child.Child` runs it as a process, with a limit on its memory."""

import sys

from landscape.components.datasets._readers.child import fail, limit_memory, send, send_header, wait_for_parent

EXTRA_BYTES = 9 * 2**30
"""The limit on the memory: twice the largest array, and room for the interpreter."""


def main(path: str, names: list[str]) -> None:
    """Send the arrays `names` of the file at `path`. Without names, all arrays are sent."""
    wait_for_parent()
    import numpy as np
    from scipy.io import loadmat

    limit_memory(EXTRA_BYTES)
    try:
        content = loadmat(path, variable_names=names or None)
    # On damaged files, scipy raises many types (ValueError, TypeError, zlib.error, MemoryError, NotImplementedError for 7.3, ...).
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
