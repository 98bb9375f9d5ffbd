"""Reads the lists of CUB-200-2011, and finds the captions that Reed et al. collected for its pictures."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from landscape.components.datasets._base import Request
from landscape.components.datasets._language import words_of
from landscape.components.datasets._readers.files import IncompleteError, find, missing, read_bytes
from landscape.core.errors import UserError

MAX_TEXT_BYTES = 16 * 2**20
LISTS = ("images.txt", "classes.txt", "image_class_labels.txt", "train_test_split.txt", "bounding_boxes.txt")
CLASS_LISTS = {"train": "trainclasses.txt", "validation": "valclasses.txt", "test": "testclasses.txt"}
"""The file that names the classes of each split, in the archive of the captions."""
PICTURES, CAPTIONS = "CUB_200_2011", "cvpr2016_cub"
"""The folders in the archive of the pictures and in that of the captions."""
TEXTS = "text_c10"
REQUIRED = {
    **{name: (f"{PICTURES}/{name}", name) for name in ("images", *LISTS)},
    **{name: (f"{CAPTIONS}/{name}", f"{PICTURES}/{name}", name) for name in (TEXTS, *CLASS_LISTS.values())},
}
Box = tuple[float, float, float, float]
"""The left, the top, the width and the height of a rectangle in pixels."""


@dataclass(frozen=True)
class Bird:
    """One picture."""

    file: Path
    captions: Path
    label: int
    """The class, from 0 on."""
    box: Box
    """The rectangle that holds the bird."""
    is_training: bool
    """Whether the authors' own split of the pictures has it in the training."""


@dataclass(frozen=True)
class Cub:
    """The lists, read and checked. No picture has been read yet."""

    birds: list[Bird]
    classes: int
    split_of_class: Mapping[int, str]
    """The split of each class, by Reed's lists."""
    lists: list[Path]
    """The files that decide all this."""


def located(request: Request) -> Cub:
    """Find all files and read the lists.

    Raises:
        UserError: A file is missing or damaged, or a picture has no file of captions.
    """
    try:
        found = find(request, "cub", REQUIRED)
    except IncompleteError as error:
        missing(request, "cub", f"{error.folder} has no {error.lacking}")
    if found is None:
        missing(request, "cub")
    names = {number: text for number, (text,) in _table(found["images.txt"], 1).items()}
    classes = {number: text for number, (text,) in _table(found["classes.txt"], 1).items()}
    labels, training, boxes = (_table(found[f"{name}.txt"], count) for name, count in _NUMBERS.items())
    if sorted(classes) != list(range(1, len(classes) + 1)):
        raise UserError(f"{found['classes.txt']} does not number the classes from 1 on: unpack {PICTURES} again")
    captions = _Captions(found[TEXTS])
    birds = []
    for number, name in names.items():
        for table, of_table in zip((labels, training, boxes), _NUMBERS, strict=True):
            if number not in table:
                raise UserError(f"{found[f'{of_table}.txt']} has no line for picture {number} ({name}): unpack {PICTURES} again")
        label = int(labels[number][0]) if labels[number][0].isdecimal() else 0
        if not re.fullmatch(r"[^/]+/[^/]+", name) or ".." in name:
            raise UserError(f"{found['images.txt']}: picture {number} has the name {name!r}, not CLASS/FILE: unpack {PICTURES} again")
        if label not in classes:
            said = f"picture {number} has class {labels[number][0]}, and classes.txt has 1 to {len(classes)}"
            raise UserError(f"{found['image_class_labels.txt']}: {said}: unpack {PICTURES} again")
        left, top, width, height = (_numeric(value, found["bounding_boxes.txt"], number) for value in boxes[number])
        file = found["images"] / name
        birds.append(Bird(file, captions.of(name), label - 1, (left, top, width, height), training[number][0] == "1"))
    return Cub(birds, len(classes), _splits(found, classes), [found[name] for name in (*LISTS, *CLASS_LISTS.values())])


_NUMBERS = {"image_class_labels": 1, "train_test_split": 1, "bounding_boxes": 4}
"""The number of values behind the number of a picture in each list of numbers."""


def captions_in(file: Path, count: int) -> list[str]:
    """Return the first `count` captions of a file, one a line. Lines without words are passed over.

    Raises:
        UserError: There are fewer.
    """
    lines = [line for line in read_bytes(file, MAX_TEXT_BYTES).decode("utf-8", "replace").splitlines() if words_of(line)]
    if len(lines) < count:
        raise UserError(
            f"{file} has {len(lines)} captions, wanted are {count}: unpack the captions again, or give cub:captions={len(lines) or 1}"
        )
    return lines[:count]


class _Captions:
    """The files of captions by the number of the class and by the numbers at the end of a picture's name.

    The names of a few species differ between the two archives (`Brewer_Blackbird`, `Brewers_Blackbird`), and their numbers do not.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        homes = (home for home in sorted(folder.iterdir()) if home.is_dir() and _number(home.name))
        self._files = {(_number(home.name), _ending(file.stem)): file for home in homes for file in sorted(home.glob("*.txt"))}

    def of(self, picture: str) -> Path:
        """Return the file of captions of a picture `NNN.Class/Name_0001_123.jpg`.

        Raises:
            UserError: There is none.
        """
        home, _, name = picture.partition("/")
        file = self._files.get((_number(home), _ending(Path(name).stem)))
        if file is None:
            wanted = self._folder / home / f"{Path(name).stem}.txt"
            raise UserError(f"picture {picture} has no captions ({wanted} is missing): unpack the captions ({CAPTIONS}) again")
        return file


def _number(name: str) -> int:
    """Return the number with which the name of a class begins, as in `001.Black_footed_Albatross`; 0 if there is none."""
    found = re.match(r"(\d+)\.", name)
    return int(found[1]) if found else 0


def _ending(stem: str) -> str:
    """Return the numbers with which a name ends, as in `Black_Footed_Albatross_0046_18`; the name if it ends with none."""
    found = re.search(r"\d+(_\d+)*$", stem)
    return found[0] if found else stem


def _table(file: Path, count: int) -> dict[int, list[str]]:
    """Return the values of each line `number value ...` by its number.

    Raises:
        UserError: A line has another form, or two have one number.
    """
    found: dict[int, list[str]] = {}
    for place, line in enumerate(read_bytes(file, MAX_TEXT_BYTES).decode("utf-8", "replace").splitlines(), 1):
        number, *values = line.split() or [""]
        if not number.isdecimal() or len(values) != count or int(number) in found:
            raise UserError(f"{file}, line {place} is not a new number with {count} value{'s' * (count > 1)}: unpack {PICTURES} again")
        found[int(number)] = values
    if not found:
        raise UserError(f"{file} has no lines: unpack {PICTURES} again")
    return found


def _numeric(text: str, file: Path, number: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{file}: {text!r} of picture {number} is no number: unpack {PICTURES} again") from None


def _splits(found: Mapping[str, Path], classes: Mapping[int, str]) -> dict[int, str]:
    """Return the split of each class (from 0 on) that the lists of classes name.

    Raises:
        UserError: A line names no class, or a class stands in two lists.
    """
    splits: dict[int, str] = {}
    numbers = {_number(name): place - 1 for place, name in classes.items()}
    for split, name in CLASS_LISTS.items():
        for line in read_bytes(found[name], MAX_TEXT_BYTES).decode("utf-8", "replace").split():
            label = numbers.get(_number(line))
            if label is None or label in splits:
                why = "is no class of classes.txt" if label is None else f"is in the list of {splits[label]} too"
                raise UserError(f"{found[name]}: {line} {why}: unpack the captions ({CAPTIONS}) again")
            splits[label] = split
    return splits
