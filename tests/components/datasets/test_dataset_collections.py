"""Anybody's pictures: folders and zips, splits and labels, sizes and modes, and what strangers put into zips."""

import json
import os
import stat
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.components.datasets._load import load_dataset
from landscape.components.datasets._preparing import pictures
from landscape.components.datasets._readers import zips
from landscape.core.errors import UserError


def fails(pattern, *arguments, **keywords):
    """Check that the data set cannot be loaded and that the error is one line that matches."""
    with pytest.raises(UserError, match=pattern) as error:
        load_dataset(*arguments, progress=False, **keywords)
    assert "\n" not in str(error.value)


def pixels(path):
    return np.asarray(Image.open(path)).transpose(2, 0, 1)


def test_a_folder_is_divided_at_random_but_always_alike(files):
    folder = files.pictures("mine", 30)
    mine = load_dataset(f"folder:{folder}")
    assert mine.shape == (3, 16, 16)
    assert {name: len(split) for name, split in mine.splits.items()} == {"train": 24, "validation": 3, "test": 3}
    expected = sorted(pixels(f).tobytes() for f in folder.iterdir())
    assert sorted(sample.numpy().tobytes() for sample in mine.split("all").samples) == expected
    assert mine.split("train").labels is None
    other = load_dataset("folder", {"path": str(folder), "split_seed": 1})
    assert other.content_hash != mine.content_hash
    assert load_dataset("folder", {"path": str(folder)}).content_hash == mine.content_hash
    only = load_dataset("folder", {"path": str(folder), "validation": 0.0, "test": 0.0})
    assert set(only.splits) == {"train"}
    np.testing.assert_array_equal(only.split("train").samples[7], pixels(folder / "07.png"))
    fails("leave none to train on", "folder", {"path": str(folder), "validation": 0.5, "test": 0.5})


def test_the_place_of_a_folder_is_not_its_identity(files):
    folder = files.pictures("mine", 10)
    before = load_dataset(f"folder:{folder}").content_hash
    folder.rename(files.root / "elsewhere")
    assert load_dataset(f"folder:{files.root / 'elsewhere'}").content_hash == before


def test_sub_folders_are_classes(files):
    for name in ("cat", "dog", "bee"):
        files.pictures(f"pets/{name}", 10)
    pets = load_dataset(f"folder:{files.root / 'pets'}", {"validation": 0.0, "test": 0.0})
    assert pets.classes == 3
    assert pets.split("train").labels.tolist() == [0] * 10 + [1] * 10 + [2] * 10
    np.testing.assert_array_equal(pets.split("train").samples[10], pixels(files.root / "pets" / "cat" / "00.png"))
    assert load_dataset(f"folder:{files.root / 'pets'}", {"labels": "none"}).split("train").labels is None
    files.pictures("pets", 1, name="stray.png")
    assert load_dataset(f"folder:{files.root / 'pets'}").split("train").labels is None
    fails("labels: folders needs every picture in one of two or more", f"folder:{files.root / 'pets'}", {"labels": "folders"})


def test_split_folders_are_respected_with_classes_below(files):
    for split, count in (("train", 6), ("val", 2), ("test", 3)):
        for name in ("a", "b"):
            files.pictures(f"set/{split}/{name}", count)
    given = load_dataset(f"folder:{files.root / 'set'}")
    assert {name: len(split) for name, split in given.splits.items()} == {"train": 12, "validation": 4, "test": 6}
    assert given.split("test").labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert given.handling["split"] == "given: train, validation (val), test"


def test_mixed_sizes_and_modes_are_handled_and_said(files, as_picture):
    folder = files.root / "mixed"
    folder.mkdir(parents=True)
    red = np.zeros((20, 30, 3), np.uint8)
    red[..., 0] = 255
    clear = np.dstack([red[:20, :20], np.full((20, 20), 0, np.uint8)])
    Image.fromarray(red).save(folder / "a.png")
    Image.fromarray(clear).save(folder / "b.png")
    Image.fromarray(red).convert("P").save(folder / "c.gif")
    Image.fromarray(red).convert("CMYK").save(folder / "d.jpg", quality=95)
    Image.fromarray(np.full((25, 25), 200 * 257 + 100, np.uint16)).save(folder / "e.png")
    Image.fromarray(np.full((12, 40), 190, np.uint8)).save(folder / "f.bmp")
    Image.fromarray(red).save(folder / "g.tiff")
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_bytes(b"")
    everything = {"validation": 0.0, "test": 0.0}
    fails(r"pictures of mixed sizes \(e.png is 25x25, a.png is 20x20 .*give a resolution", f"folder:{folder}", everything)
    mixed = load_dataset(f"folder:{folder}", everything, resolution=8, channels=3)
    samples = mixed.split("train").samples
    assert samples.shape == (7, 3, 8, 8)
    corner = samples[:, :, 0, 0].tolist()
    assert corner[0] == corner[2] == corner[6] == [255, 0, 0]
    assert corner[1] == [255, 255, 255]
    assert np.abs(np.array(corner[3]) - [255, 0, 0]).max() <= 3
    assert corner[4] == [200, 200, 200]
    assert corner[5] == [190, 190, 190]
    for note in (
        "5 of 7 cropped to the center square",
        "1 of 7 RGBA laid on white",
        "1 of 7 CMYK to RGB",
        "1 of 7 16-bit levels divided by 257",
    ):
        assert note in mixed.handling["converted"], mixed.handling
    assert mixed.handling["skipped"] == "1 file that is no picture (.txt 1)"
    gray = load_dataset(f"folder:{folder}", everything, resolution=8, channels=1)
    assert gray.split("train").samples[:, 0, 0, 0].tolist()[:2] == [76, 255]


def test_the_square_is_cut_from_the_center(files, as_picture):
    folder = files.root / "wide"
    folder.mkdir(parents=True)
    wide, tall = files.levels(10, 17, 3), files.levels(15, 10, 3)
    (folder / "a.png").write_bytes(as_picture(wide))
    (folder / "b.png").write_bytes(as_picture(tall))
    samples = load_dataset(f"folder:{folder}", {"validation": 0.0, "test": 0.0}).split("train").samples.permute(0, 2, 3, 1)
    np.testing.assert_array_equal(samples[0], wide[:, 3:13])
    np.testing.assert_array_equal(samples[1], tall[2:12])


def test_channels_follow_the_first_picture_unless_asked_for(files):
    folder = files.pictures("gray", 3, channels=1)
    assert load_dataset(f"folder:{folder}").shape == (1, 16, 16)
    files.pictures("gray", 1, name="zz.png")
    fails("zz.png is in color, 00.png is gray: give channels", f"folder:{folder}", {"test": 0.0, "validation": 0.0})
    assert load_dataset(f"folder:{folder}", channels=1).shape == (1, 16, 16)
    files.pictures("gray", 1, name="-first.png")
    assert load_dataset(f"folder:{folder}", {"test": 0.0, "validation": 0.0}).split("all").samples.shape == (5, 3, 16, 16)


def test_photographs_are_turned_upright(files):
    folder = files.root / "turned"
    folder.mkdir(parents=True)
    levels = files.levels(16, 16, 3)
    image = Image.fromarray(levels)
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(folder / "a.png", exif=exif)
    turned = load_dataset(f"folder:{folder}", {"validation": 0.0, "test": 0.0})
    np.testing.assert_array_equal(turned.split("train").samples[0].permute(1, 2, 0), np.rot90(levels, -1))
    assert "turned upright by EXIF" in turned.handling["converted"]


@pytest.mark.parametrize(("channels", "resolution"), [(None, 8), (None, 40), (1, None), (3, 24)])
def test_resizing_is_pillows_antialiased_bicubic(files, channels, resolution):
    folder = files.pictures("mine", 4, side=16)
    ours = load_dataset(f"folder:{folder}", {"validation": 0.0, "test": 0.0}, resolution=resolution, channels=channels)
    image = Image.open(folder / "02.png").convert("L" if channels == 1 else "RGB")
    theirs = np.asarray(image.resize((resolution, resolution), Image.Resampling.BICUBIC) if resolution else image)
    np.testing.assert_array_equal(ours.split("train").samples[2].permute(1, 2, 0).squeeze(-1), theirs)


def test_reduction_does_not_alias(files):
    """Stripes of one pixel that are reduced four times are gray, not black or white."""
    folder = files.root / "stripes"
    folder.mkdir(parents=True)
    Image.fromarray(np.tile(np.array([0, 255], np.uint8), (32, 16))).save(folder / "a.png")
    sample = load_dataset(f"folder:{folder}", {"validation": 0.0, "test": 0.0}, resolution=8).split("train").samples[0, 0]
    assert (sample.float() - 127.5).abs().max() < 20


def test_folder_errors(files, tmp_path):
    fails("needs a path", "folder")
    fails("lacks a path", "folder:")
    fails("nowhere cannot be read: No such file", f"folder:{tmp_path / 'nowhere'}")
    (tmp_path / "file").write_text("x")
    fails("file cannot be read: Not a directory", f"folder:{tmp_path / 'file'}")
    (tmp_path / "empty").mkdir()
    fails("empty is empty", f"folder:{tmp_path / 'empty'}")
    (tmp_path / "empty" / "notes.txt").write_text("x")
    fails("empty holds no pictures", f"folder:{tmp_path / 'empty'}")
    folder = files.pictures("mine", 3)
    whole = (folder / "01.png").read_bytes()
    (folder / "01.png").write_bytes(whole[:100])
    fails("01.png cannot be read as a picture", f"folder:{folder}")
    (folder / "01.png").write_bytes(b"")
    fails("01.png cannot be read as a picture: it is damaged or not one of PNG", f"folder:{folder}")
    (folder / "01.png").unlink()
    os.mkfifo(folder / "01.png")
    assert len(load_dataset(f"folder:{folder}", {"validation": 0.0, "test": 0.0}).split("train")) == 2


def test_symbolic_links_stay_inside(files, tmp_path):
    folder = files.pictures("mine", 3)
    (folder / "03.png").symlink_to(folder / "02.png")
    assert len(load_dataset(f"folder:{folder}").split("all")) == 4
    (tmp_path / "secret.png").write_bytes((folder / "00.png").read_bytes())
    (folder / "04.png").symlink_to(tmp_path / "secret.png")
    fails("04.png is a symbolic link out of", f"folder:{folder}")
    (folder / "04.png").unlink()
    (folder / "up").symlink_to(tmp_path)
    fails("up is a symbolic link out of", f"folder:{folder}")
    (folder / "up").unlink()
    (folder / "loop").symlink_to(folder)
    assert len(load_dataset(f"folder:{folder}").split("all")) == 4


def test_an_unreadable_folder_is_named(files, monkeypatch):
    folder = files.pictures("mine", 3)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("landscape.components.datasets._readers.files.os.scandir", refuse)
    fails("mine cannot be read: Permission denied; check", f"folder:{folder}")


def test_a_pixel_bomb_is_refused_before_it_is_decoded(files, monkeypatch):
    folder = files.pictures("mine", 2)
    # This is a true PNG header that claims 2**16 x 2**16 pixels.
    data = bytearray((folder / "01.png").read_bytes())
    data[16:24] = (2**16).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    (folder / "01.png").write_bytes(data)
    fails("01.png", f"folder:{folder}")
    monkeypatch.setattr(pictures, "MAX_PIXELS", 255)
    fails("00.png: 16x16 pixels are more than the limit of 255", f"folder:{folder}")
    monkeypatch.setattr("landscape.components.datasets.folder.MAX_PICTURE_BYTES", 10)
    fails("00.png is larger than the limit of 10 bytes", f"folder:{folder}")


def test_a_stylegan_zip(files):
    path = files.stylegan_zip()
    loaded = load_dataset(f"zip:{path}", {"validation": 0.0, "test": 0.0})
    assert loaded.shape == (3, 8, 8)
    assert loaded.classes == 3
    assert loaded.split("train").labels.tolist() == [i % 3 for i in range(20)]
    assert loaded.handling["labels"] == "dataset.json"
    assert load_dataset(f"zip:{files.stylegan_zip('b.zip', labels=False)}").split("train").labels is None
    assert load_dataset(f"zip:{path}", {"labels": "none"}).split("train").labels is None


def test_a_folder_as_stylegan_writes_it(files):
    with zipfile.ZipFile(files.stylegan_zip()) as archive:
        archive.extractall(files.root / "unpacked")
    one = load_dataset(f"folder:{files.root / 'unpacked'}")
    assert one.handling["labels"] == "dataset.json"
    assert one.content_hash == load_dataset(f"zip:{files.root / 'train.zip'}").content_hash


def test_zips_by_split_and_cifar10_jpeg(files):
    files.stylegan_zip("cifar10-jpeg/train.zip", 40)
    files.stylegan_zip("cifar10-jpeg/test.zip", 10)
    loaded = load_dataset(f"zip:{files.root / 'cifar10-jpeg'}")
    assert {name: len(split) for name, split in loaded.splits.items()} == {"train": 36, "validation": 4, "test": 10}
    assert loaded.split("test").labels.tolist() == [i % 3 for i in range(10)]
    named = load_dataset("cifar10-jpeg", data_dir=files.root)
    assert named.name == "cifar10_jpeg"
    assert named.content_hash == loaded.content_hash
    fails("is a folder without train.zip", f"zip:{files.root}")


def test_plain_zips_with_folders(files, as_picture):
    picture = as_picture(files.levels(8, 8, 3))
    members = {f"{split}/{name}/{i}.png": picture for split in ("train", "test") for name in "ab" for i in range(4)}
    path = files.zip(files.root / "plain.zip", {**members, "__MACOSX/train/._0.png": b"x", "readme.md": b"x"})
    loaded = load_dataset(f"zip:{path}", {"validation": 0.25})
    # readme.md lies beside the split folders, but is not a picture.
    assert {name: len(split) for name, split in loaded.splits.items()} == {"train": 6, "validation": 2, "test": 8}
    assert loaded.classes == 2


def test_real_cifar10_as_jpeg(shared_data):
    path = shared_data / "cifar10-jpeg" / "test.zip"
    jpeg = load_dataset(f"zip:{path}", {"validation": 0.0, "test": 0.0}, progress=False)
    assert jpeg.split("train").samples.shape == (10_000, 3, 32, 32)
    assert torch.bincount(jpeg.split("train").labels).tolist() == [1000] * 10
    with zipfile.ZipFile(path) as archive, archive.open("00000/img00000123.jpg") as file:
        np.testing.assert_array_equal(jpeg.split("train").samples[123].permute(1, 2, 0), np.asarray(Image.open(file)))


def test_zip_errors(files, as_picture):
    picture = as_picture(files.levels(8, 8, 3))
    root = files.root
    fails("nowhere.zip: No such file", f"zip:{root / 'nowhere.zip'}")
    whole = files.stylegan_zip().read_bytes()
    (root / "cut.zip").write_bytes(whole[: len(whole) // 2])
    fails("cut.zip is not a zip file or is truncated", f"zip:{root / 'cut.zip'}")
    (root / "not.zip").write_bytes(b"nothing")
    fails("not.zip is not a zip file", f"zip:{root / 'not.zip'}")
    fails("empty.zip holds no pictures", f"zip:{files.zip(root / 'empty.zip', {'a.txt': b'x'})}")
    fails(r"bad.zip: b.png cannot be read as a picture", f"zip:{files.zip(root / 'bad.zip', {'a.png': picture, 'b.png': picture[:60]})}")
    for name in ("../a.png", "/etc/a.png", "a/../../b.png", "C:/a.png", "..\\a.png"):
        fails("which leads out of it: refused", f"zip:{files.zip(root / 'slip.zip', {name: picture})}")
    data = bytearray(files.zip(root / "crc.zip", {"a.png": picture}).read_bytes())
    data[60] ^= 0xFF
    (root / "crc.zip").write_bytes(data)
    fails("crc.zip: a.png is damaged .Bad CRC-32", f"zip:{root / 'crc.zip'}")


def test_zips_with_links_and_passwords_are_refused(files, as_picture):
    picture = as_picture(files.levels(8, 8, 3))
    link = zipfile.ZipInfo("a.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    files.root.mkdir()
    with zipfile.ZipFile(files.root / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    fails("link.zip holds the symbolic link 'a.png': refused", f"zip:{files.root / 'link.zip'}")
    data = bytearray(files.zip(files.root / "secret.zip", {"a.png": picture}).read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    (files.root / "secret.zip").write_bytes(data)
    fails("'a.png' is encrypted", f"zip:{files.root / 'secret.zip'}")
    with zipfile.ZipFile(files.root / "twice.zip", "w") as archive:
        archive.writestr("a.png", picture)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.png", picture)
    fails("holds 'a.png' twice", f"zip:{files.root / 'twice.zip'}")


def test_zip_bombs_are_refused(files, monkeypatch):
    bomb = files.zip(files.root / "bomb.zip", {"a.bmp": bytes(30_000_000)}, zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(zips, "_FREE_BYTES", 0)
    fails("bomb.zip would unpack to 30,000,000 bytes, over 200 times its size", f"zip:{bomb}")
    monkeypatch.setattr(zips, "_FREE_BYTES", 2**30)
    monkeypatch.setattr("landscape.components.datasets._preparing.zip_pictures.MAX_PICTURE_BYTES", 1_000_000)
    fails("a.bmp unpacks to 30,000,000 bytes, over the limit", f"zip:{bomb}")
    # A directory that understates the size of a member does not get more than it claims.
    data = bytearray(files.zip(files.root / "liar.zip", {"a.bmp": bytes(900_000)}, zipfile.ZIP_DEFLATED).read_bytes())
    for place in (22, data.index(b"PK\1\2") + 24):
        data[place : place + 4] = (10).to_bytes(4, "little")
    (files.root / "liar.zip").write_bytes(data)
    fails("liar.zip: a.bmp (is damaged|holds)", f"zip:{files.root / 'liar.zip'}")
    monkeypatch.setattr(zips, "MAX_MEMBERS", 1)
    fails("holds 21 members, over the limit of 1", f"zip:{files.stylegan_zip()}")


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (b"{", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b"7", "is damaged"),
        (b'{"labels": {"a.png": 1}}', "is damaged: expected"),
        (b'{"labels": [["a.png", "one"]]}', "is damaged: expected"),
        (b'{"labels": [["a.png", -1]]}', "is damaged: expected"),
        (b'{"labels": [["a.png", true]]}', "is damaged: expected"),
        (b'{"labels": [["a.png", 1e400]]}', "is damaged: expected"),
        (b'{"labels": [["a.png", 99999999999999]]}', "is damaged: expected"),
        (b'{"labels": [["b.png", 1]]}', "has no label for a.png"),
        (json.dumps({"labels": []}).encode(), "has no label for a.png"),
    ],
)
def test_damaged_indices(files, as_picture, content, pattern):
    path = files.zip(files.root / "a.zip", {"a.png": as_picture(files.levels(8, 8, 3)), "dataset.json": content})
    fails(f"a.zip/dataset.json {pattern}", f"zip:{path}", {"validation": 0.0, "test": 0.0})


def test_a_huge_index_is_refused(files, as_picture, monkeypatch):
    monkeypatch.setattr("landscape.components.datasets._preparing.zip_pictures.MAX_INDEX_BYTES", 100)
    path = files.zip(files.root / "a.zip", {"a.png": as_picture(files.levels(8, 8, 3)), "dataset.json": b" " * 101})
    fails("dataset.json unpacks to 101 bytes, over the limit", f"zip:{path}")
