"""The fonts in the PDFs of figures: no more tables than a viewer reads, and the same picture as with all of them."""

import re
import shutil
import subprocess
import zlib

import fontTools.subset
import numpy as np
import pytest
from PIL import Image

from landscape.report.figures._style import LAYOUT_TABLES, headline, legend_below, new_figure, render


def drawn():
    figure, axes = new_figure(3)
    axes.plot([1, 2, 3], [1, 20, 3], label="hinge, AV To fi")
    axes.plot([1, 2, 3], [3, 2, 3], label="Größe €, d’Ω")
    headline(axes, "FD[classifier], lower is better")
    legend_below(figure, axes)
    return figure


def embedded_fonts(pdf):
    """The TrueType fonts of a PDF, found by the four bytes with which each begins."""
    streams = [zlib.decompress(found) for found in re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.S)]
    return [stream for stream in streams if stream.startswith(b"\x00\x01\x00\x00")]


def tables_of(font):
    """The names in a font's directory: entries of 16 bytes after a head of 12, in which bytes 4 and 5 count them."""
    return {font[12 + 16 * i : 16 + 16 * i].decode().strip() for i in range(int.from_bytes(font[4:6], "big"))}


def test_fonts_have_outlines_and_no_table_by_which_text_is_laid_out():
    fonts = embedded_fonts(render(drawn(), "x", "A title").pdf)
    assert fonts
    for font in fonts:
        assert {"glyf", "loca", "hmtx", "head"} <= tables_of(font)
        assert not set(LAYOUT_TABLES) & tables_of(font)


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm is not on this machine: install poppler-utils")
def test_the_picture_is_the_same_as_with_whole_fonts(tmp_path, monkeypatch):
    pictures = []
    for tables in (LAYOUT_TABLES, []):
        monkeypatch.setattr("landscape.report.figures._style.LAYOUT_TABLES", tables)
        (tmp_path / "figure.pdf").write_bytes(render(drawn(), "x", "A title").pdf)
        subprocess.run(["pdftoppm", "-r", "200", "-png", tmp_path / "figure.pdf", tmp_path / f"with_{len(tables)}"], check=True)
        (path,) = tmp_path.glob(f"with_{len(tables)}*.png")
        pictures.append(np.asarray(Image.open(path)))
    assert (pictures[0] < 128).any()
    assert np.array_equal(*pictures)


def test_other_users_of_the_fonts_library_keep_its_own_options():
    plain = fontTools.subset.Options
    render(drawn(), "x", "A title")
    assert fontTools.subset.Options is plain
