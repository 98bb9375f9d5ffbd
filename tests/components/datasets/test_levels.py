"""Bit depths, frames, suffixes and links: whatever a reader cannot decide is refused or reported."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from landscape.components.datasets._load import load_dataset
from landscape.core.errors import UserError

WHOLE = {"validation": 0.0, "test": 0.0}


@pytest.fixture
def saved(tmp_path):
    """saved("name", [array, ...], ".png") makes a folder with these pictures."""

    def _saved(name, arrays, suffix):
        folder = tmp_path / name
        folder.mkdir()
        for i, array in enumerate(arrays):
            Image.fromarray(array).save(folder / f"{i:03}{suffix}")
        return folder

    return _saved


@pytest.fixture
def gray(random):
    """Five gray pictures, int64 (8, 8), which contain all 256 levels."""
    levels = [random.randint(0, 256, (8, 8)) for _ in range(5)]
    levels[0][0, :2] = 0, 255
    return levels


def samples(folder, **hyperparameters):
    return load_dataset(f"folder:{folder}", WHOLE | hyperparameters).split("train").samples[:, 0].numpy()


def test_integers_of_32_bits_need_a_declared_range(saved, gray):
    folder = saved("i32", [a.astype(np.int32) for a in gray], ".tif")
    with pytest.raises(
        UserError, match=r"000\.tif holds integers of 32 bits from 0 to 255, whose range nothing tells: say levels: 8bit, 12bit"
    ):
        samples(folder)
    np.testing.assert_array_equal(samples(folder, levels="8bit"), gray)


def test_twelve_bits_in_sixteen(saved, gray):
    """Divided by 257, the pictures would keep 17 of 256 levels."""
    folder = saved("g12", [(a * 16).astype(np.uint16) for a in gray], ".png")
    with pytest.raises(UserError, match=r"no level of the 5 16-bit pictures is above 4080 \(.*000\.png\): say levels: 12bit if they"):
        samples(folder)
    got = samples(folder, levels="12bit")
    np.testing.assert_array_equal(got, [np.floor(a * 16 / 4095 * 255 + 0.5) for a in gray])
    assert len(np.unique(got)) > 100
    assert load_dataset(f"folder:{folder}", {"levels": "12bit"}).handling["converted"] == "5 of 5 12-bit levels divided by 16.0588"
    assert samples(folder, levels="16bit").max() == 16
    with pytest.raises(UserError, match=r"000\.png holds levels from 0 to 4080, where levels: 10bit says 0 to 1023"):
        samples(folder, levels="10bit")


def test_sixteen_bits_that_are_used(saved, gray):
    """One bright picture reveals the range of the set; the darker ones are scaled in the same way."""
    deep = [(a * 257).astype(np.uint16) for a in gray]
    deep[1] //= 64
    np.testing.assert_array_equal(samples(saved("g16", deep, ".png")), [(a.astype(np.int64) + 128) // 257 for a in deep])


def color_png(levels):
    """Return the PNG of a uint16 picture (H, W, 3 or 4), which Pillow cannot write."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, channels = levels.shape
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def test_color_pictures_of_sixteen_bits(tmp_path, random):
    """Pillow silently returns the upper 8 bits of such pictures."""
    levels = random.randint(0, 65536, (8, 8, 3)).astype(np.uint16)
    levels[0, 0] = 65535
    (tmp_path / "bright").mkdir()
    (tmp_path / "bright" / "a.png").write_bytes(color_png(levels))
    bright = load_dataset(f"folder:{tmp_path / 'bright'}", WHOLE)
    np.testing.assert_array_equal(bright.split("train").samples[0].permute(1, 2, 0), levels >> 8)
    assert bright.handling["converted"] == "1 of 1 16-bit levels cut to their upper 8 bits"
    (tmp_path / "dark").mkdir()
    (tmp_path / "dark" / "a.png").write_bytes(color_png(levels >> 4))
    with pytest.raises(UserError, match="no level of the 1 16-bit pictures is above 3840"):
        samples(tmp_path / "dark")
    with pytest.raises(
        UserError,
        match="is a picture of 16 bits in color or with transparency, which is read by its upper 8 bits alone: convert it to 8 bits",
    ):
        samples(tmp_path / "dark", levels="12bit")


def test_levels_beside_transparency_have_the_same_range(saved, gray):
    ones = [(a > 127).astype(np.uint8) for a in gray]
    opaque = np.full((8, 8), 255, np.uint8)
    folder = saved("clear", [np.stack([a, a, a, opaque], -1) for a in ones], ".png")
    assert load_dataset(f"folder:{folder}", WHOLE | {"levels": "1bit"}).handling["converted"] == (
        "5 of 5 1-bit levels multiplied by 255, 5 of 5 RGBA laid on white"
    )
    np.testing.assert_array_equal(samples(folder, levels="1bit"), np.multiply(ones, 255))
    with pytest.raises(UserError, match=r"000\.png holds levels from 0 to 1 in 8 bits, where levels: 12bit says 0 to 4095"):
        samples(folder, levels="12bit")


def test_sixteen_bits_with_transparency(tmp_path, random):
    """Pillow silently returns their upper 8 bits, too; 12-bit data in them would keep 16 levels."""
    levels = random.randint(0, 65536, (8, 8, 4)).astype(np.uint16)
    levels[..., 3], levels[0, 0] = 65535, 65535
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.png").write_bytes(color_png(levels))
    given = load_dataset(f"folder:{tmp_path / 'a'}", WHOLE)
    assert given.handling["converted"] == "1 of 1 16-bit levels cut to their upper 8 bits, 1 of 1 RGBA laid on white"
    np.testing.assert_array_equal(given.split("train").samples[0].permute(1, 2, 0), levels[..., :3] >> 8)
    levels[..., :3] >>= 4
    (tmp_path / "a" / "a.png").write_bytes(color_png(levels))
    with pytest.raises(UserError, match="no level of the 1 16-bit pictures is above 3840"):
        samples(tmp_path / "a")


def test_pictures_of_0_and_1(saved, gray):
    ones = [(a > 127).astype(np.uint8) for a in gray]
    folder = saved("b01", ones, ".png")
    with pytest.raises(UserError, match="no level of its 5 pictures is above 1, where 255 is white: for masks of 0 and 1 say levels: 1bit"):
        samples(folder)
    np.testing.assert_array_equal(samples(folder, levels="1bit"), np.multiply(ones, 255))
    # The modes with one bit contain 0 and 255, and black pictures are what a collapsed model makes.
    np.testing.assert_array_equal(samples(saved("mode1", [a.astype(bool) for a in ones], ".png")), np.multiply(ones, 255))
    assert samples(saved("black", [np.zeros((8, 8), np.uint8)] * 2, ".png")).max() == 0
    with pytest.raises(UserError, match=r"000\.png holds levels from 0 to 255 in 8 bits, where levels: 1bit says 0 to 1"):
        samples(saved("full", [np.multiply(a, 255).astype(np.uint8) for a in ones], ".png"), levels="1bit")
    with pytest.raises(UserError, match=r"holds levels from 0 to 1 in 8 bits, where levels: 12bit says 0 to 4095"):
        samples(folder, levels="12bit")


@pytest.mark.parametrize(("kind", "suffix"), [("GIF", ".gif"), ("TIFF", ".tif"), ("WEBP", ".webp"), ("PNG", ".png")])
def test_frames_after_the_first_are_counted(tmp_path, gray, kind, suffix):
    frames = [Image.fromarray(a.astype(np.uint8)) for a in gray]
    folder = tmp_path / "set"
    folder.mkdir()
    frames[0].save(folder / f"a{suffix}", kind, save_all=True, append_images=frames[1:], **({"lossless": True} if kind == "WEBP" else {}))
    frames[1].save(folder / f"b{suffix}", kind, **({"lossless": True} if kind == "WEBP" else {}))
    given = load_dataset(f"folder:{folder}", WHOLE, channels=1)
    assert "1 of 2 with frames after the first, which are left out" in given.handling["converted"]
    np.testing.assert_array_equal(given.split("train").samples[:, 0], gray[:2])


@pytest.mark.parametrize(("suffix", "kind"), [(".jfif", "JPEG"), (".JPE", "JPEG"), (".dib", "BMP"), (".apng", "PNG"), (".pbm", "PPM")])
def test_less_common_suffixes(tmp_path, gray, suffix, kind):
    buffer = io.BytesIO()
    image = Image.fromarray(gray[0].astype(np.uint8))
    (image.convert("1") if suffix == ".pbm" else image).save(buffer, kind)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / f"a{suffix}").write_bytes(buffer.getvalue())
    assert samples(tmp_path / "set").shape == (1, 8, 8)


def test_links_that_lead_nowhere_are_counted(files):
    folder = files.pictures("mine", 3)
    os.symlink("away.png", folder / "x.png")
    given = load_dataset(f"folder:{folder}", WHOLE)
    assert len(given.split("train")) == 3
    assert given.handling["skipped"] == "1 link that leads nowhere"
    (folder / "a.txt").touch()
    os.symlink("gone.png", folder / "y.png")
    assert load_dataset(f"folder:{folder}", WHOLE).handling["skipped"] == "1 file that is no picture (.txt 1), 2 links that lead nowhere"


def test_a_published_set_with_a_link_that_leads_nowhere_is_refused(files):
    """Its splits are defined by the numbers of the pictures, so a missing one would shift them."""
    folder = files.pictures("celeba-hq-128", 20, name="{}.jpg", kind="JPEG")
    os.symlink("store/7.jpg", folder / "99.jpg")
    with pytest.raises(UserError, match=r"99\.jpg is a link to store/7\.jpg, which is not there: bring it back"):
        load_dataset("celeba_hq_128", data_dir=folder, resolution=8)


def test_remedies_name_their_options(files):
    folder = files.pictures("mine", 2)
    files.pictures("mine", 1, 25, name="e.png")
    with pytest.raises(UserError, match=r"give a resolution \(--resolution 64\), to which all are resized$"):
        samples(folder)
