"""What a sweep says of itself while it runs."""

import io

import pytest

from landscape.sweep.display import Display, SweepProgress, duration


def test_durations_in_words():
    assert [duration(s) for s in (5, 89, 200, 7200, 200_000)] == ["5 s", "89 s", "3 min", "2.0 h", "2.3 days"]


def test_progress_and_time_left():
    now = [0.0]
    progress = SweepProgress(12, "FD", done=2, clock=lambda: now[0] + 50_000)
    assert "0 s elapsed" in progress.line()  # nothing has begun, however long the machine runs
    progress.begin()
    assert progress.seconds_left is None
    progress.expected_seconds = 10.0
    now[0] = 5.0
    assert progress.seconds_left == pytest.approx(95.0)
    progress.done, progress.running, now[0] = 4, 2, 30.0
    assert progress.seconds_left == pytest.approx(30 / 2 * 8)
    assert progress.left == 6
    for value, loss, cell in ((3.0, 3.0, "a"), (None, None, "b"), (1.0, 1.0, "c"), (2.0, 2.0, "d")):
        progress.score(value, loss, cell)
    assert (progress.best, progress.best_cell, progress.failed) == (1.0, "c", 1)
    line = progress.line()
    for part in ("4 of 12 trials done", "1 without a score", "2 running", "6 to go", "best FD 1 (c)", "30 s elapsed", "about 2 min left"):
        assert part in line


def test_scores_that_are_better_high():
    progress = SweepProgress(2, "IS")
    progress.score(3.0, -3.0, "a")
    progress.score(9.0, -9.0, "b")
    assert progress.best == 9.0


def test_a_log_file_gets_plain_lines_now_and_then():
    now, stream = [0.0], io.StringIO()
    progress = SweepProgress(3, "FD", clock=lambda: now[0])
    progress.begin()
    with Display(progress, stream) as display:
        for second in range(61):
            now[0] = float(second)
            display.refresh()
        display.say("a word")
    lines = stream.getvalue().splitlines()
    assert [("s elapsed" in line, line == "a word") for line in lines] == [(True, False)] * 3 + [(False, True), (True, False)]
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_gets_one_live_line():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    progress = SweepProgress(3, "FD [bold]x")
    progress.begin()
    with Display(progress, stream) as display:
        display.refresh()
        display.say("a [word]")
    assert "0 of 3 trials done" in stream.getvalue()
    # What is shown is text, not markup.
    assert "a [word]" in stream.getvalue()
    assert "FD [bold]x" in stream.getvalue()
