"""The page of the game on a line is written, and its links lead to the pictures beside it."""

import re

from landscape.reproductions import game_1d
from landscape.reproductions._game_1d import recipe


def test_page(tmp_path, monkeypatch):
    monkeypatch.setattr(recipe, "SAMPLES", 2000)
    written = game_1d.game_1d(results_dir=tmp_path, data_dir=None, rounds=40, seeds=1)
    assert written == tmp_path / "published" / "game-1d" / "game-1d.md"
    text = written.read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)]+)\)", text))
    assert linked == {p.name for p in written.parent.iterdir()} - {written.name}
    assert "nan" not in text
