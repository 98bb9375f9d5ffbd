"""How far long work is, in a log and in a terminal."""

import io
import sys

from landscape.core import progress as module


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_now_and_then_with_the_time_left(monkeypatch, capsys):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    with module.progress("copying", 50_000_000, True, unit="bytes", start=10_000_000) as advance:
        for _ in range(40):
            now[0] += 1.0
            advance(1_000_000)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["copying: 25.0 MB of 50.0 MB, about 25 s left", "copying: 40.0 MB of 50.0 MB, about 10 s left"]


def test_nothing_is_written_where_nothing_is_to_be_shown(capsys):
    with module.progress("a", 1, False) as advance, module.share_bars(["b"], False) as share, module.counting_bars(False) as count:
        advance(1)
        share(0, 1.0, "")
        count("c", 1, 1)
    with module.share_bars(["b"], True) as share, module.counting_bars(True) as count:
        share(0, 1.0, "")
        count("c", 1, 1)
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_bars(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with module.share_bars(["hinge, seed 0"], True) as share:
        share(0, 0.5, "step 7")
    shown = sys.stderr.getvalue()
    assert "hinge, seed 0" in shown
    assert "step 7" in shown
    monkeypatch.setattr(sys, "stderr", Terminal())
    with module.counting_bars(True) as count:
        count("features", 3, 9)
    assert "features" in sys.stderr.getvalue()
    assert "3/9" in sys.stderr.getvalue()
