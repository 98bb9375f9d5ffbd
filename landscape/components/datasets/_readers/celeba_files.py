"""Reads CelebA from the disk: the pictures in a folder or a zip, the partition and the attributes in text files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from landscape.components.datasets._base import Request
from landscape.components.datasets._preparing.pictures import MAX_PICTURE_BYTES
from landscape.components.datasets._readers.download import CELEBA, CELEBA_ATTRIBUTES, found_or_fetched
from landscape.components.datasets._readers.files import check_folder, find, read_bytes
from landscape.components.datasets._readers.zips import Zip
from landscape.core.errors import UserError, unknown

MAX_TEXT_BYTES = 64 * 2**20
SPLIT_NUMBERS = {"0": "train", "1": "validation", "2": "test"}
REQUIRED = {
    "pictures": ("img_align_celeba", "Img/img_align_celeba", "img_align_celeba.zip", "Img/img_align_celeba.zip"),
    "partition": ("list_eval_partition.txt", "Eval/list_eval_partition.txt", "list_eval_partition.csv"),
}
ATTRIBUTES = ("list_attr_celeba.txt", "Anno/list_attr_celeba.txt", "list_attr_celeba.csv")


@dataclass(frozen=True)
class CelebA:
    """The opened data set."""

    partition: Mapping[str, list[str]]
    """The names of the pictures by split."""
    labels: Mapping[str, int] | None
    """The label of each picture by its name, or None if no attribute is asked for."""
    read: Callable[[str], bytes]
    """Returns the file of a picture."""
    describe: Callable[[str], str]
    """Names a picture in messages."""


@dataclass(frozen=True)
class Located:
    """The places of the files."""

    pictures: Path
    partition: Path
    attributes: Path | None
    """The file of attributes if labels are asked for, otherwise None."""

    def files(self) -> list[Path]:
        """Return the files that decide the outcome. Of a folder of pictures, that is every picture."""
        pictures = sorted(self.pictures.rglob("*.*")) if self.pictures.is_dir() else [self.pictures]
        return [self.partition, *([self.attributes] if self.attributes else []), *pictures]

    def opened(self, attribute: str) -> CelebA:
        """List and check everything, without reading a picture.

        Raises:
            UserError: A list is damaged, a picture that the partition names is missing, or the attribute is unknown.
        """
        partition = read_partition(self.partition)
        present, read, describe = _zipped(self.pictures) if self.pictures.is_file() else _unpacked(self.pictures)
        named = [name for names in partition.values() for name in names]
        absent = [name for name in named if name not in present]
        if absent:
            raise UserError(
                f"{self.pictures} lacks {len(absent):,} of the {len(named):,} pictures in {self.partition.name}, {absent[0]} first"
            )
        labels = read_attribute(self.attributes, attribute) if self.attributes else None
        if labels is not None and (unlabeled := next((n for n in named if n not in labels), None)):
            raise UserError(f"{self.attributes} has no line for {unlabeled}: fetch it again")
        return CelebA(partition, labels, read, describe)


def located(request: Request, *, labeled: bool) -> Located:
    """Find or download the pictures and the partition, and the attributes if labels are asked for."""
    required = REQUIRED | ({"attributes": ATTRIBUTES} if labeled else {})
    wanted = (*CELEBA, *([CELEBA_ATTRIBUTES] if labeled else []))
    files = found_or_fetched(request, "celeba", wanted, lambda where: find(where, "celeba", required))
    return Located(files["pictures"], files["partition"], files.get("attributes"))


Opened = tuple[set[str], Callable[[str], bytes], Callable[[str], str]]


def _unpacked(folder: Path) -> Opened:
    check_folder(folder)
    # The archive holds a folder of its own name, so that some programs unpack it into two folders of that name.
    inner = folder / folder.name if (folder / folder.name).is_dir() else folder
    present = {f.name for f in inner.iterdir()}
    return present, lambda name: read_bytes(inner / name, MAX_PICTURE_BYTES), lambda name: str(inner / name)


def _zipped(path: Path) -> Opened:
    opened = Zip(path)
    members = {PurePosixPath(member).name: member for member in opened.names}
    return set(members), lambda name: opened.read(members[name], MAX_PICTURE_BYTES), lambda name: f"{path}: {name}"


def _lines(path: Path) -> list[list[str]]:
    try:
        text = read_bytes(path, MAX_TEXT_BYTES).decode("ascii")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is damaged: {error.reason}; fetch it again") from error
    rows = (line.replace(",", " ").split() for line in text.splitlines())
    return [row for row in rows if row]


def read_partition(path: Path) -> dict[str, list[str]]:
    rows = _lines(path)
    if rows and rows[0][0] == "image_id":
        rows = rows[1:]
    parts: dict[str, list[str]] = {}
    for row in rows:
        if len(row) != 2 or row[1] not in SPLIT_NUMBERS or "/" in row[0] or "\\" in row[0]:
            raise UserError(f"{path} is damaged: expected a file name and 0, 1 or 2, found {' '.join(row)[:80]!r}; fetch it again")
        parts.setdefault(SPLIT_NUMBERS[row[1]], []).append(row[0])
    if "train" not in parts:
        raise UserError(f"{path} names no training pictures: fetch it again")
    return {split: parts[split] for split in ("train", "validation", "test") if split in parts}


def read_attribute(path: Path, attribute: str) -> dict[str, int]:
    rows = _lines(path)
    if rows and rows[0][0].isdecimal():
        rows = rows[1:]
    header = [name for name in (rows[0] if rows else []) if name != "image_id"]
    if attribute not in header:
        raise UserError(f"{path}: {unknown('attribute of CelebA', attribute, header)}")
    column = header.index(attribute) + 1
    labels = {}
    for row in rows[1:]:
        if len(row) != len(header) + 1 or row[column] not in ("-1", "0", "1"):
            raise UserError(f"{path} is damaged: expected a file name and {len(header)} times 1 or -1, found {' '.join(row)[:80]!r}")
        labels[row[0]] = int(row[column] == "1")
    return labels
