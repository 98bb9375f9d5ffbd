"""Sends the number of values in an LMDB environment and then each value, in the order of the keys. `child.Child` runs it as a process."""

import sys

from landscape.components.datasets._readers.child import fail, send, send_header, wait_for_parent


def main(path: str) -> None:
    """Send the values of the environment at `path`, which is a folder or the file in it."""
    wait_for_parent()
    try:
        import lmdb
    except ImportError:
        fail("the package lmdb is not installed: pip install lmdb")
    try:
        import os

        with (
            lmdb.open(
                path, subdir=os.path.isdir(path), readonly=True, lock=False, readahead=True, max_readers=1, create=False
            ) as environment,
            environment.begin(buffers=True) as transaction,
        ):
            count = transaction.stat()["entries"]
            send_header({"count": count})
            sent = 0
            for value in transaction.cursor().iternext(keys=False, values=True):
                if sent == count:
                    fail(f"it holds more than the {count} values it claims")
                send(value)
                sent += 1
            if sent != count:
                fail(f"it claims {count} values and holds {sent}: it is damaged; fetch it again")
        sys.stdout.flush()
    except (lmdb.Error, OSError, SystemError, MemoryError, ValueError) as error:
        fail(f"{error}: it is not an LMDB environment or is damaged")


if __name__ == "__main__":
    main(sys.argv[1])
