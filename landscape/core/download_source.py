"""Asks one source for one file until the whole file has arrived or the source refuses.

The requests are made by gdown, which understands Google Drive's pages and can resume a download.
"""

import glob
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import cast

from landscape.core.errors import UserError
from landscape.core.progress import progress
from landscape.core.remote_file import RemoteFile

TIMEOUT_SECONDS = 30.0
"""A connection on which nothing arrives for this long is closed; the rest of the file is then requested again."""
FIRST_BYTES_SECONDS = 300.0
"""A source from which no byte of the file has arrived after this long is given up.

Google Drive answers with pages that link to further pages, and such links can form a circle.
"""
TRIES = 3
"""A source is given up after this many requests in a row that brought less than `WORTH_KEEPING`."""
PAUSE_SECONDS = 1.0
WORTH_KEEPING = 2**20
"""A request that brought at least this many bytes resets the count of tries, because a large file may need many requests."""


class RefusalError(Exception):
    """A source answered with something other than the file."""


class _OtherSizeError(RefusalError):
    """A source announced or sent a file of another size; the bytes received before this request may still be right."""


def adopted(file: RemoteFile, work: Path) -> bool:
    """Put a file into place that an earlier run downloaded completely before it was stopped; return whether there was one.

    Complete files with a wrong checksum are deleted.
    """
    made = work / file.name
    for path in (*_partial(file, work), made):
        if path.is_file() and path.stat().st_size >= file.size:
            if file.is_at(path):
                path.replace(made)
                return True
            path.unlink()
    made.unlink(missing_ok=True)
    return False


def download(source: str, file: RemoteFile, work: Path, shown: bool) -> None:
    """Ask `source` until the whole file lies in `work`, or until `TRIES` requests in a row have brought nothing worth keeping.

    Raises:
        RefusalError: The source did not give the file; the text says why.
        UserError: gdown is not installed.
    """
    tries = 0
    while True:
        before = bytes_held(file, work)
        failure = _tried(source, file, work, shown)
        if failure is None:
            return
        tries = 1 if bytes_held(file, work) >= before + WORTH_KEEPING else tries + 1
        if tries >= TRIES and before and "byte range" in str(failure):
            # This source can send the whole file but not the rest of one, so the bytes received so far cannot be used with it.
            _drop(file, work)
            tries = 0
        elif tries >= TRIES:
            raise RefusalError(_reason(failure)) from failure
        time.sleep(PAUSE_SECONDS * tries)


def _tried(source: str, file: RemoteFile, work: Path, shown: bool) -> Exception | None:
    """Make one request. Return None if the whole file now lies in `work`, otherwise an error that another try may not meet.

    Raises:
        RefusalError: Another try would end in the same way.
        UserError: gdown is not installed.
    """
    gdown, requests = _gdown()
    try:
        _ask(gdown, source, file, work, shown)
        return None
    except gdown.exceptions.FileURLRetrievalError as error:
        raise RefusalError(_of_drive(error)) from error
    except gdown.exceptions.DownloadCancelled as error:
        raise RefusalError(f"sent nothing of the file within {FIRST_BYTES_SECONDS:.0f} s") from error
    except requests.exceptions.HTTPError as error:
        if error.response.status_code < 500 and error.response.status_code != 429:
            raise RefusalError(_reason(error)) from error
        return cast(Exception, error)
    except (gdown.exceptions.DownloadError, requests.exceptions.RequestException) as error:
        return cast(Exception, error)
    except (LookupError, ValueError, TypeError, AttributeError, AssertionError) as error:
        raise RefusalError(f"an answer that gdown does not understand ({type(error).__name__}: {error})") from error


def _ask(gdown: ModuleType, source: str, file: RemoteFile, work: Path, shown: bool) -> None:
    """Request the bytes that are still missing. Afterwards the whole file lies in `work`, or an error has been raised."""
    start = done = bytes_held(file, work)
    hasher = file.hasher()
    nothing_came = threading.Event()
    timer = threading.Timer(FIRST_BYTES_SECONDS, nothing_came.set)
    timer.daemon = True

    def watch(so_far: int, total: int | None) -> None:
        nonlocal done
        timer.cancel()
        if total not in (None, file.size) or so_far > file.size:
            raise _OtherSizeError(f"sent another file ({total or so_far:,} bytes, not {file.size:,})")
        advance(so_far - done)
        done = so_far

    with progress(f"landscape: {file.name}", file.size, shown, unit="bytes", start=start) as advance:
        timer.start()
        try:
            gdown.download(
                source,
                str(work / file.name),
                quiet=True,
                use_cookies=False,
                resume=True,
                hasher=hasher,
                timeout=TIMEOUT_SECONDS,
                progress=watch,
                cancel=nothing_came,
            )
        except _OtherSizeError:
            _cut(file, work, start)
            raise
        finally:
            timer.cancel()
    if hasher.hexdigest() != file.digits:
        (work / file.name).unlink()
        raise RefusalError(f"sent another file ({RemoteFile(file.name, 0, f'{hasher.name}:{hasher.hexdigest()}', ()).shown_checksum})")


def _gdown() -> tuple[ModuleType, ModuleType]:
    try:
        import gdown
        import requests
    except ImportError as error:
        raise UserError(f"downloads need the package {error.name}, which is not installed: run `pip install gdown`") from error
    return gdown, requests


def _partial(file: RemoteFile, work: Path) -> list[Path]:
    """Return the files in which gdown keeps incomplete downloads. Their names are the file's name, eight characters and `.part`."""
    return list(work.glob(f"{glob.escape(file.name)}????????.part"))


def bytes_held(file: RemoteFile, work: Path) -> int:
    """Return how many bytes of `file` earlier tries have left in `work`."""
    return sum(path.stat().st_size for path in _partial(file, work))


def _drop(file: RemoteFile, work: Path) -> None:
    for path in _partial(file, work):
        path.unlink()


def _cut(file: RemoteFile, work: Path, length: int) -> None:
    """Shorten the incomplete file to `length` bytes, because a wrong source added the rest; the bytes before may be good."""
    for path in _partial(file, work):
        with path.open("r+b") as part:
            part.truncate(length)
    if not length:
        _drop(file, work)


def _of_drive(error: Exception) -> str:
    """Return Google Drive's own words about a failure, without the advice that gdown adds to them."""
    words = " ".join(str(error).removeprefix("Failed to retrieve file url:").partition("You may still be able")[0].split())
    if "Too many users" in words:
        return "the file's daily quota at Google Drive is used up"
    return f"Google Drive did not give the file ({words.partition('. ')[0].rstrip('.')})"


def _reason(error: Exception) -> str:
    """Say in a few words what went wrong with a connection."""
    import requests

    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code} {error.response.reason}".rstrip()
    if isinstance(error, requests.exceptions.SSLError):
        return f"no secure connection ({_innermost(error)})"
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in str(error):
        return f"no answer within {TIMEOUT_SECONDS:.0f} s"
    if isinstance(error, requests.exceptions.ConnectionError):
        return f"no connection ({_innermost(error)})"
    return " ".join(str(error).split("\n")[0].split()).rstrip(".") or type(error).__name__


def _innermost(error: BaseException) -> str:
    """Return the text of the innermost of several nested exceptions, such as `Connection refused`."""
    while isinstance(inner := getattr(error, "reason", None) or (error.args[0] if error.args else None), BaseException):
        error = inner
    return " ".join(str(error).rpartition(": ")[2].split()) or type(error).__name__
