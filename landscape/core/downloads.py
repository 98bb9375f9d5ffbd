"""Downloads published files into a folder: each file from the first source that gives it, resumed and verified."""

import contextlib
import shutil
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from landscape.core.download_source import RefusalError, adopted, bytes_held, download
from landscape.core.errors import UserError
from landscape.core.files import write_bytes
from landscape.core.locks import locked
from landscape.core.progress import size
from landscape.core.remote_file import RemoteFile

WORK = ".download"
"""The subfolder that holds unfinished downloads until a later run resumes them."""

_MORE_SPACE = "free some, or set LANDSCAPE_CACHE to a folder on another disk"


class DownloadError(UserError):
    """No source gave a file; the text says what each of them answered."""


def fetch(files: Sequence[RemoteFile], folder: Path, what: str, *, shown: bool = True, then: int = 0) -> None:
    """Put every one of `files` into `folder`, verify it, and unpack archives.

    Files that are already there are kept. A downloaded archive is removed once it is unpacked. The next call resumes an interrupted
    download. If several processes call this at once, one of them downloads and the others wait for it.

    Args:
        files: The files that are wanted.
        folder: The folder to put them into. It is created if it is missing.
        what: A name for all the files together, used in messages.
        shown: Whether progress is written to stderr.
        then: The number of bytes that the caller will need in the same place after the download.

    Raises:
        DownloadError: No source gave one of the files.
        UserError: The folder cannot be written or has too little free space, or gdown is not installed.
    """
    with locked(folder), _written(folder):
        lacking = [file for file in files if not file.is_at(folder / file.name)]
        _require(_need(files, lacking, folder, then), folder, f"downloading {what}")
        if lacking and shown:
            total = size(sum(file.size for file in lacking))
            print(f"landscape: fetching {what} ({total}) into {folder}", file=sys.stderr, flush=True)
        try:
            for file in lacking:
                _fetch_one(file, folder, shown)
        finally:
            # Remove the folders if they are empty, because an empty folder would later look like one that has lost its files.
            for emptied in (folder / WORK, folder):
                with contextlib.suppress(OSError):
                    emptied.rmdir()
        for file in files:
            if file.unpacked:
                _unpack(file, folder, shown)
                if file in lacking:
                    (folder / file.name).unlink()


def _fetch_one(file: RemoteFile, folder: Path, shown: bool) -> None:
    if file.content is not None:
        write_bytes(folder / file.name, file.content())
        return
    work = folder / WORK
    work.mkdir(parents=True, exist_ok=True)
    reasons = []
    if not adopted(file, work):
        for source in file.sources:
            try:
                download(source, file, work, shown)
                break
            except RefusalError as error:
                reasons.append(f"{urlsplit(source).hostname}: {error}")
                if shown:
                    print(f"landscape: no {file.name} from {reasons[-1]}", file=sys.stderr, flush=True)
        else:
            raise DownloadError("; ".join(reasons))
    (work / file.name).replace(folder / file.name)


def _need(files: Sequence[RemoteFile], lacking: Sequence[RemoteFile], folder: Path, then: int) -> int:
    """Return the largest number of bytes needed at one time.

    While archives are unpacked, they lie beside their content; afterwards the content lies beside what the caller will write.
    """
    unpacked = sum(file.unpacked for file in files)
    downloaded = sum(file.size - bytes_held(file, folder / WORK) for file in lacking)
    kept = sum(file.size for file in lacking if not file.unpacked)
    return max(downloaded + unpacked, kept + unpacked + then)


def _require(need: int, folder: Path, doing: str) -> None:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if need > free:
        raise UserError(f"{doing} needs {size(need)} in {folder}, which has {size(free)} free: {_MORE_SPACE}")


@contextlib.contextmanager
def _written(folder: Path) -> Iterator[None]:
    """Turn errors of the file system, such as a full disk or missing permissions, into one line. Network errors never get here."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write the download in {folder}: {error.strerror or error}; {_MORE_SPACE}") from error


def _unpack(file: RemoteFile, folder: Path, shown: bool) -> None:
    """Unpack beside `folder`'s files, then move the result, so that whatever lies in `folder` is complete.

    Paths and links that lead out of the folder are refused.
    """
    archive, fresh = folder / file.name, folder / ".unpacking"
    shutil.rmtree(fresh, ignore_errors=True)
    need = file.unpacked
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as listed:
            need = sum(member.file_size for member in listed.infolist())
    _require(need, folder, f"unpacking {archive.name}")
    if shown:
        print(f"landscape: unpacking {archive.name} ({size(need)})", file=sys.stderr, flush=True)
    try:
        shutil.unpack_archive(archive, fresh, filter=None if archive.suffix == ".zip" else "data")
        for entry in sorted(fresh.iterdir()):
            target = folder / entry.name
            if target.is_dir():
                shutil.rmtree(target)
            entry.replace(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
