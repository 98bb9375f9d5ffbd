"""Folders that are splits, folders that are classes, and layouts that are refused because they could be either."""

import json
import zipfile

import pytest

from landscape.components.datasets._load import load_dataset
from landscape.components.datasets._preparing.layout import laid_out
from landscape.core.component_text import parse_component
from landscape.core.errors import UserError


def counts(dataset):
    return {name: len(split) for name, split in dataset.splits.items()}


@pytest.fixture
def laid(files):
    """laid(name, {"train": 4, "": 1}) makes a folder with that many pictures in its subfolders."""

    def _laid(name, folders):
        for folder, count in folders.items():
            files.pictures(f"{name}/{folder}", count, 4)
        return files.root / name

    return _laid


@pytest.mark.parametrize(
    "names",
    [
        ("train", "test"),
        ("Train", "Test"),
        ("training", "testing"),
        ("TRAIN", "TEST"),
        ("training_set", "test_set"),
        ("train2017", "test2017"),
    ],
)
def test_folders_whose_names_say_so_are_splits(laid, names):
    given = load_dataset(f"folder:{laid('set', dict(zip(names, (10, 4), strict=True)))}")
    assert counts(given) == {"train": 9, "validation": 1, "test": 4}
    assert given.classes is None
    shown = "train, test" if names[0] == "train" else f"train ({names[0]}), test ({names[1]})"
    assert given.handling["split"] == f"given: {shown}; held out of train at random, seed 0: validation 0.1"


@pytest.mark.parametrize(
    ("folders", "seen"),
    [
        ({"train": 4, "test": 2, "extra": 3}, "the folder extra \\(3 pictures\\)"),
        ({"train": 4, "test": 2, "": 1}, "1 picture outside of folders"),
        ({"Train": 4, "val": 2, "": 2, "a": 1}, "the folder a \\(1 picture\\), 2 pictures outside of folders"),
    ],
)
def test_something_beside_splits_is_refused_with_what_was_seen(laid, folders, seen):
    with pytest.raises(UserError, match=f"folders that look like splits .* and beside them {seen}: say which are splits, folder:") as error:
        load_dataset(f"folder:{laid('set', folders)}")
    assert "\n" not in str(error.value)
    # The remedy that the line names works.
    remedy = parse_component(str(error.value).split("splits, ")[1].split(", or that")[0])
    given = load_dataset(remedy["name"], remedy["hyperparameters"] | {"validation": 0.0, "test": 0.0})
    assert sum(counts(given).values()) == sum(count for name, count in folders.items() if name not in ("extra", "", "a"))
    assert given.handling["skipped"].endswith("pictures outside these folders")
    everything = load_dataset(f"folder:{files_path(remedy)}", {"splits": "none", "validation": 0.0, "test": 0.0})
    assert counts(everything) == {"train": sum(folders.values())}


def files_path(remedy):
    return remedy["hyperparameters"]["path"]


@pytest.mark.parametrize("folders", [{"train": 4, "training": 2, "test": 1}, {"val": 3, "test": 2}])
def test_two_folders_of_one_split_and_none_to_train_on_are_refused(laid, folders):
    with pytest.raises(UserError, match="look like splits"):
        load_dataset(f"folder:{laid('set', folders)}")


def test_splits_inside_of_classes_are_refused(laid):
    """Otherwise, test pictures would be used for training."""
    folder = laid("set", {"bottle/train/good": 4, "bottle/test/broken": 2, "cable/train/good": 3})
    with pytest.raises(
        UserError,
        match=r"splits inside of others \(bottle/test, bottle/train, cable/train\): write folder:.*"
        r"splits: {train: bottle/train, test: bottle/test}}, or splits: none",
    ):
        load_dataset(f"folder:{folder}")
    assert counts(load_dataset(f"folder:{folder}", {"splits": {"train": "bottle/train", "test": "bottle/test"}, "validation": 0.0})) == {
        "train": 4,
        "test": 2,
    }


def test_the_remedy_names_every_split_that_was_seen(laid):
    """One that left the validation folder out would leave its pictures out, too."""
    folder = laid("set", {"data/train/a": 4, "data/train/b": 4, "data/val/a": 2, "data/val/b": 2, "more/test": 3})
    with pytest.raises(UserError, match="splits: {train: data/train, validation: data/val, test: more/test}") as error:
        load_dataset(f"folder:{folder}")
    remedy = parse_component(str(error.value).split("write ")[1].split(", or splits")[0])
    assert counts(load_dataset(remedy["name"], remedy["hyperparameters"])) == {"train": 8, "validation": 4, "test": 3}


def test_one_class_that_is_called_train(laid):
    """Here `train` is a railway train and not a split."""
    given = load_dataset(f"folder:{laid('set', {'train': 4, 'bus': 4, 'car': 4})}")
    assert given.classes == 3
    assert given.handling["labels"] == "3 sub-folders, in alphabetical order: bus, car, train"


def test_a_single_folder_is_no_class_and_no_test_split(laid):
    assert counts(load_dataset(f"folder:{laid('set', {'test': 4})}", {"validation": 0.0, "test": 0.0})) == {"train": 4}
    classes = load_dataset(f"folder:{laid('other', {'train/a': 4, 'train/b': 4})}", {"validation": 0.0, "test": 0.0})
    assert classes.split("train").labels.tolist() == [0] * 4 + [1] * 4


def test_named_splits(laid, files):
    folder = laid("set", {"A/x": 5, "A/y": 5, "B/x": 2, "B/y": 2, "C": 3})
    given = load_dataset(f"folder:{folder}", {"splits": {"train": "A", "test": "./B/"}})
    assert counts(given) == {"train": 9, "validation": 1, "test": 4}
    assert given.split("test").labels.tolist() == [0, 0, 1, 1]
    assert given.handling["skipped"] == "3 pictures outside these folders"
    for splits, message in (
        ({"test": "B"}, "names no folder to train on"),
        ({"train": "D"}, "holds no pictures in 'D/', which splits names for train: its folders are A, B, C"),
        ({"train": "A", "test": "A/x"}, r"the folder of test \(A/x/\) lies in that of train \(A/\)"),
        ({"train": "A", "tests": "B"}, "splits names 'tests': choose from train, validation, test"),
        ("some", "splits='some' is not valid"),
    ):
        with pytest.raises(UserError, match=message):
            load_dataset(f"folder:{folder}", {"splits": splits})


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_folder_in_a_folder(files, as_picture, kind):
    """The zip is one that was made of the folder and not of its content."""
    members = {f"mine/00000/{i:03}.png": as_picture(files.levels(4, 4, 3)) for i in range(12)}
    members["mine/dataset.json"] = json.dumps({"labels": [[f"00000/{i:03}.png", i % 3] for i in range(12)]})
    path = files.zip(files.root / "mine.zip", members)
    if kind == "folder":
        zipfile.ZipFile(path).extractall(files.root / "unpacked")
        path = files.root / "unpacked"
    given = load_dataset(f"{kind}:{path}", {"validation": 0.0, "test": 0.0})
    assert given.split("train").labels.tolist() == [0, 1, 2] * 4
    assert given.handling["labels"] == "dataset.json"
    assert "skipped" not in given.handling


def test_splits_in_a_folder_in_a_zip(files, as_picture):
    members = {
        f"mine/{split}/{c}/{i}.png": as_picture(files.levels(4, 4, 3)) for split in ("Train", "Test") for c in "ab" for i in range(3)
    }
    given = load_dataset(f"zip:{files.zip(files.root / 'mine.zip', members)}", {"validation": 0.0})
    assert counts(given) == {"train": 6, "test": 6}
    assert given.split("test").labels.tolist() == [0, 0, 0, 1, 1, 1]
    with pytest.raises(UserError, match=r"zip:\{path: .*mine.zip, splits: \{train: mine/Train, test: mine/Test\}\}"):
        load_dataset(f"zip:{files.zip(files.root / 'mine.zip', members | {'mine/a.png': members['mine/Train/a/0.png']})}")


def test_each_split_has_its_own_labels(files, as_picture):
    for split in ("train", "test"):
        files.pictures(f"set/{split}/00000", 3, 4)
        (files.root / "set" / split / "dataset.json").write_text(json.dumps({"labels": [[f"00000/{i:02}.png", i] for i in range(3)]}))
    assert load_dataset(f"folder:{files.root / 'set'}", {"validation": 0.0}).split("test").labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize("other", [None, '{"labels": null}'])
def test_labels_of_one_split_alone_are_not_left_out_in_silence(files, other):
    for split in ("train", "test"):
        files.pictures(f"set/{split}/00000", 3, 4)
    (files.root / "set/train/dataset.json").write_text(json.dumps({"labels": [[f"00000/{i:02}.png", i] for i in range(3)]}))
    if other is not None:
        (files.root / "set/test/dataset.json").write_text(other)
    line = (
        r"test/00000/00\.png has no label: dataset\.json gives labels for train and none for test; add those of test, or set labels: none"
    )
    with pytest.raises(UserError, match=line):
        load_dataset(f"folder:{files.root / 'set'}")
    assert load_dataset(f"folder:{files.root / 'set'}", {"labels": "none"}).classes is None


@pytest.mark.parametrize(
    ("numbers", "read", "classes", "told"),
    [
        ([1, 2, 3, 1], [0, 1, 2, 0], 3, {"labels": "dataset.json, whose classes 1 to 3 are numbered 0 to 2 here"}),
        ([0, 1, 2, 1], [0, 1, 2, 1], 3, {"labels": "dataset.json"}),
        ([0, 3, 3, 3], [0, 3, 3, 3], 4, {"labels": "dataset.json", "classes": "2 of 4 have pictures (none: 1, 2)"}),
        ([2, 3, 2, 3], [2, 3, 2, 3], 4, {"labels": "dataset.json", "classes": "2 of 4 have pictures (none: 0, 1)"}),
    ],
)
def test_classes_without_pictures_are_not_added_in_silence(files, numbers, read, classes, told):
    folder = files.pictures("set", 4, 4)
    (folder / "dataset.json").write_text(json.dumps({"labels": [[f"{i:02}.png", number] for i, number in enumerate(numbers)]}))
    given = load_dataset(f"folder:{folder}", {"validation": 0.0, "test": 0.0})
    assert given.split("train").labels.tolist() == read
    assert given.classes == classes
    assert told.items() <= given.handling.items()
    assert ("classes" in given.handling) == ("classes" in told)


def test_a_split_that_rounds_to_nothing_says_so(files):
    given = load_dataset(f"folder:{files.pictures('few', 8, 4)}")
    assert counts(given) == {"train": 8}
    assert given.handling["split"].endswith(
        "validation 0.1 (rounds down to none of 8 pictures), test 0.1 (rounds down to none of 8 pictures)"
    )
    with pytest.raises(UserError, match=r"has no 'test' split \[given: train; .*none of 8 pictures\)\]: use one of train$"):
        given.split("test")


def test_what_is_not_read_is_counted_by_its_suffix(files):
    folder = files.pictures("set", 3, 4)
    for name in ("a.heic", "b.HEIC", "notes.txt", "README"):
        (folder / name).write_text("x")
    assert load_dataset(f"folder:{folder}").handling["skipped"] == "4 files that are no pictures (.heic 2, .txt 1, no suffix 1)"
    files.pictures("set/cat", 2, 4)
    files.pictures("set/dog", 2, 4)
    assert load_dataset(f"folder:{folder}").handling["labels"] == "none (3 of 7 pictures do not lie in one of 2 sub-folders)"


def test_a_hundred_thousand_names_are_laid_out():
    names = [f"{i % 1000:05}/img{i:08}.png" for i in range(100_000)]
    assert len(laid_out(names, "auto", "here", "folder", lambda _: False).names["train"]) == len(names)
