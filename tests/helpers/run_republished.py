"""The command line with other bytes in place of the published ones: `python -m helpers.run_republished table.json data prepare celeba`.

For each constant of a data set's module, the table names its files with the size and the checksum of the imitated ones.
"""

import dataclasses
import importlib
import json
import sys
from pathlib import Path

from landscape.cli.app import main
from landscape.core import download_source
from landscape.core.remote_file import RemoteFile


def republish(file: RemoteFile, content: Path) -> RemoteFile:
    """Return `file` with the size and checksum of `content`."""
    data = content.read_bytes()
    hasher = file.hasher()
    hasher.update(data)
    made = (lambda: data) if file.content else None
    checksum = f"{hasher.name}:{hasher.hexdigest()}"
    return dataclasses.replace(file, size=len(data), checksum=checksum, content=made, unpacked=min(file.unpacked, len(data)))


def apply(table: dict[str, dict[str, dict[str, str]]], setattr_=setattr) -> None:
    """Replace files as the table says. It maps module, constant and file name to the path of the bytes that replace the file."""
    for module_name, constants in table.items():
        module = importlib.import_module(module_name)
        for constant, contents in constants.items():
            value = getattr(module, constant)
            files = (value,) if isinstance(value, RemoteFile) else value
            made = tuple(republish(file, Path(contents[file.name])) for file in files)
            setattr_(module, constant, made[0] if isinstance(value, RemoteFile) else made)


if __name__ == "__main__":
    download_source.PAUSE_SECONDS = 0.01
    apply(json.loads(Path(sys.argv[1]).read_text()))
    sys.exit(main(sys.argv[2:]))
