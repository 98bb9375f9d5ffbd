"""Downloads, through torchvision's fetcher: over TLS, checked against the published MD5, and one clear error when it fails."""

import contextlib
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from landscape.components.datasets._base import DATASETS, Request
from landscape.components.datasets._readers.files import missing, shown
from landscape.core.errors import UserError

Found = TypeVar("Found")
Files = Mapping[str, tuple[str, str]]
"""File name -> (address, MD5)."""

_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist"
HTTPS_MNIST: Files = {
    "train-images-idx3-ubyte.gz": (f"{_MNIST}/train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    "train-labels-idx1-ubyte.gz": (f"{_MNIST}/train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
    "t10k-images-idx3-ubyte.gz": (f"{_MNIST}/t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
    "t10k-labels-idx1-ubyte.gz": (f"{_MNIST}/t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
}
_FASHION = "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion"
HTTPS_FASHION_MNIST: Files = {
    "train-images-idx3-ubyte.gz": (f"{_FASHION}/train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    "train-labels-idx1-ubyte.gz": (f"{_FASHION}/train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
    "t10k-images-idx3-ubyte.gz": (f"{_FASHION}/t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
    "t10k-labels-idx1-ubyte.gz": (f"{_FASHION}/t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
}
CIFAR10: Files = {
    "cifar-10-python.tar.gz": ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),
}
STL10: Files = {
    "stl10_binary.tar.gz": ("https://cs.stanford.edu/~acoates/stl10/stl10_binary.tar.gz", "91f7769df0f17e558f3565bffb0c7dfb"),
}


def fetched(request: Request, name: str, files: Files, found: Callable[[Request], Found | None], *, unpack: bool = False) -> Found:
    """What `found` finds after `files` were downloaded into the data folder of `name`, and unpacked there if they are archives.

    Raises:
        UserError: says what to fetch and where to put it, when the download fails, its checksum differs, or the user named a folder.
    """
    if request.explicit:
        missing(request, name)
    folder = request.download_dir / shown(name)
    print(f"landscape: fetching {shown(name)} into {folder}", file=sys.stderr)
    try:
        for file, (address, md5) in files.items():
            fetch(address, folder, file, md5)
            if unpack:
                _unpack(folder / file)
    # Whatever the network, the server or torchvision raises, the user's remedy is the same.
    except Exception as error:
        _drop_empty(folder)
        listed = ", ".join(f"{address} (MD5 {md5})" for address, md5 in files.values())
        missing(request, name, f"download failed: {_first_line(error)}", source=f"fetch {listed}")
    result = found(request)
    if result is None:
        raise UserError(f"{folder} lacks files of {shown(name)!r} after the download: {DATASETS[name].facts.source}")
    return result


def fetch(address: str, folder: Path, file: str, md5: str) -> None:
    """One file, whole and verified or not at all; kept if it is there already and its MD5 is right."""
    from torchvision.datasets.utils import check_integrity, download_url

    if not address.startswith("https://"):
        raise UserError(f"{address} is not fetched: only https is")
    if check_integrity(folder / file, md5):
        return
    partial = folder / f".{file}.partial"
    with contextlib.redirect_stdout(sys.stderr):
        download_url(address, str(folder), partial.name, md5)
    partial.replace(folder / file)


def _unpack(archive: Path) -> None:
    """A tar whose checksum was right; the filter refuses paths and links that lead out of the folder all the same."""
    with tarfile.open(archive) as tar:
        tar.extractall(archive.parent, filter="data")


DRIVE_CELEBA = {
    "img_align_celeba.zip": ("0B7EVK8r0v71pZjFTYXZWM3FlRnM", "00d2c5bc6d35e252742224ab0c1e8fcb"),
    "list_eval_partition.txt": ("0B7EVK8r0v71pY0NSMzRuSXJEVkk", "d32c9cbf5e040fd4025c592c306e6668"),
    "list_attr_celeba.txt": ("0B7EVK8r0v71pblRyaVFSWGxPY0U", "75e246fa4810816ffd6ee81facbd244c"),
}
"""File name -> (Google Drive id, MD5)."""


def fetched_from_drive(request: Request, name: str, found: Callable[[Request], Found | None]) -> Found:
    """CelebA's files from Google Drive, which often refuses (quota); UserError then says what to fetch by hand."""
    if request.explicit:
        missing(request, name)
    folder = request.download_dir / shown(name)
    print(f"landscape: fetching {shown(name)} into {folder}", file=sys.stderr)
    try:
        for file, (identifier, md5) in DRIVE_CELEBA.items():
            fetch_from_drive(identifier, folder, file, md5)
    # As above: whatever is raised, the remedy is the same.
    except Exception as error:
        _drop_empty(folder)
        missing(request, name, f"Google Drive refused: {_first_line(error)}")
    result = found(request)
    if result is None:
        missing(request, name, "incomplete download")
    return result


def fetch_from_drive(identifier: str, folder: Path, file: str, md5: str) -> None:
    """One file from Google Drive, whole and verified or not at all."""
    from torchvision.datasets.utils import check_integrity, download_file_from_google_drive

    if check_integrity(folder / file, md5):
        return
    partial = folder / f".{file}.partial"
    with contextlib.redirect_stdout(sys.stderr):
        download_file_from_google_drive(identifier, str(folder), partial.name, md5)
    if not check_integrity(partial, md5):
        raise UserError(f"{file} came with another checksum than {md5}")
    partial.replace(folder / file)


def _drop_empty(folder: Path) -> None:
    """An empty folder would later be taken for one that lost its files."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
