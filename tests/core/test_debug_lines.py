"""Lines for whoever looks for a fault."""

import pytest

from landscape.core.debug_lines import debug_step


def test_a_step_is_written_with_its_end_and_its_time_only_where_asked(monkeypatch, capsys):
    """Without LANDSCAPE_DEBUG nothing is written; with it a step that breaks off says by what."""
    monkeypatch.delenv("LANDSCAPE_DEBUG", raising=False)
    with debug_step("a"):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("LANDSCAPE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError), debug_step("b"):
        raise ZeroDivisionError
    with debug_step("c"):
        pass
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" s: ")[2].partition(" after ")[0].partition(" took ")[0] for line in lines] == [
        "b begins",
        "b was ended by ZeroDivisionError",
        "c begins",
        "c",
    ]
    assert all(float(line.removeprefix("landscape: debug:").split()[0]) >= 0 for line in lines)
