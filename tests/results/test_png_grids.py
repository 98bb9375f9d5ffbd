"""Grids of images and PNG files."""

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.core.errors import UserError
from landscape.results.png_grids import BACKGROUND, as_levels, grid, png_bytes, read_png, write_png


def test_a_grid_by_hand():
    images = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1) * 10
    b = BACKGROUND
    np.testing.assert_array_equal(grid(images, columns=2, gap=1), [[0, b, 10], [b, b, b], [20, b, b]])


def test_colors_and_sides_stay_where_they_are():
    images = torch.randint(0, 256, (5, 3, 4, 6), dtype=torch.uint8)
    sheet = grid(images, columns=3)
    assert sheet.shape == (2 * 4 + 2, 3 * 6 + 4, 3)
    np.testing.assert_array_equal(sheet[6:10, 8:14], images[4].permute(1, 2, 0))
    np.testing.assert_array_equal(grid(images, columns=1, gap=0), images.permute(0, 2, 3, 1).reshape(-1, 6, 3))


def test_floats_are_rounded_to_levels():
    np.testing.assert_array_equal(as_levels(np.array([0, 0.5, 1, 100 / 255])), [0, 128, 255, 100])
    for wrong in ([1.01], [-0.01], [np.nan]):
        with pytest.raises(UserError, match="must lie in"):
            as_levels(np.array(wrong))
    with pytest.raises(UserError, match="uint8 or floats"):
        as_levels(np.array([1]))


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 2, 4, 4), (3, 4, 4)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(UserError, match="a grid needs images of shape"):
        grid(np.zeros(shape, np.uint8), 2)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3)])
def test_png_round_trip(tmp_path, shape):
    picture = np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8)
    write_png(tmp_path / "deep" / "a.png", picture)
    np.testing.assert_array_equal(read_png(tmp_path / "deep" / "a.png"), picture.squeeze(-1) if shape[-1:] == (1,) else picture)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "deep" / "a.png")).reshape(shape), picture)
    assert png_bytes(picture) == png_bytes(picture)
    assert [f.name for f in (tmp_path / "deep").iterdir()] == ["a.png"]


def test_errors_name_the_file(tmp_path):
    with pytest.raises(UserError, match="shape"):
        write_png(tmp_path / "a.png", np.zeros((2, 2, 2), np.uint8))
    with pytest.raises(UserError, match=r"cannot read the picture .*a\.png"):
        read_png(tmp_path / "a.png")
    write_png(tmp_path / "a.png", np.random.RandomState(0).randint(0, 256, (9, 9)).astype(np.uint8))
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:-40])
    with pytest.raises(UserError, match=r"cannot read the picture .*a\.png"):
        read_png(tmp_path / "a.png")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot write"):
        write_png(tmp_path / "file" / "a.png", np.zeros((2, 2), np.uint8))


def test_torch_is_not_needed(root):
    import subprocess
    import sys

    code = "import sys, landscape.results.png_grids; assert 'torch' not in sys.modules and 'PIL' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
