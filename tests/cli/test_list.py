"""`landscape list`: names and what they are."""

import pytest

from landscape.inventory.components import CATALOG


@pytest.mark.parametrize("columns", [40, 100])
def test_no_name_and_no_text_is_cut(run, monkeypatch, columns):
    """A terminal that is too narrow for a line gets more lines, not shorter names."""
    monkeypatch.setenv("COLUMNS", str(columns))
    printed = run("list").out
    assert "…" not in printed
    words = set(printed.split())
    entries = [entry for kind in ("losses", "architectures", "datasets", "extractors") for entry in CATALOG[kind]()]
    said = {word for entry in entries for word in entry["what"].split() if len(word) < 12}
    assert len(said) > 100
    assert {entry["name"] for entry in entries} <= words
    assert [word for word in said if word not in printed] == []
