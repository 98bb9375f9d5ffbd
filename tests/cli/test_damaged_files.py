"""Commands that read whole studies say on stderr what of one they set aside, and go on with the rest."""

import pytest
from helpers import synthetic_study as synthetic


@pytest.mark.parametrize(
    "command",
    [
        ("findings", "first", "--results", "."),
        ("targets", "first", "--target", "1000", "--results", "."),
        ("compare", "first", "second", "--results", "."),
        ("across", "first", "second", "--results", ".", "--reports", "pages"),
        ("results", "export", "first", "--out", "first.csv"),
    ],
    ids=lambda command: command[0],
)
def test_a_damaged_record_is_named(run, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second"):
        synthetic.write_study(tmp_path, 24, name, confirm=3, pictures=False, searcher="random", axes=("loss",))
    path = sorted((tmp_path / "first/trials").glob("*/record.json"))[0]
    path.write_bytes(b"{")
    shown = run(*command)
    assert shown.code == 0, shown.err
    (said,) = [line for line in shown.err.splitlines() if "record.json" in line]
    assert said.startswith("landscape: ")
    assert path.parent.name in said
    assert "set aside as record.json.corrupt" in said
    assert path.with_name("record.json.corrupt").read_bytes() == b"{"
