"""What a sweep says of itself while it runs."""

import io

import pytest

from landscape.core.durations import duration
from landscape.sweep.display import Display, SweepProgress
from landscape.sweep.search.plan import Outcome


def ended(cell: str, status: str, value: float | None = None, cost: float | None = None) -> Outcome:
    """A trial of the search whose scores on the selection samples and on the reporting ones are the same."""
    return Outcome(0, 0, cell, {}, cell, status, value, cost, shown=value)


def test_durations_in_words():
    """Two digits at least, in the unit that a reader would choose."""
    said = [duration(s) for s in (0, 0.42, 5, 9.24, 99, 200, 5999, 7200, 200_000, 359_000, 1_000_000)]
    assert said == ["0 s", "0.42 s", "5 s", "9.2 s", "99 s", "3.3 min", "100 min", "2 h", "56 h", "100 h", "12 days"]


def test_rates_have_no_exponent():
    now = [0.0]
    progress = SweepProgress(1000, "FD", done=0, clock=lambda: now[0])
    progress.begin()
    progress.done, now[0] = 230, 60.0
    assert progress.rate == "230 trials/min"


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
    assert progress.rate == "4 trials/min"
    for outcome in (ended("a", "completed", 3.0, 3.0), ended("b", "diverged"), ended("b", "failed"), ended("b", "diverged")):
        progress.score(outcome)
    assert progress.line().count("last diverged (b)") == 1
    for outcome in (ended("c", "completed", 1.0, 1.0), ended("d", "completed", 2.0, 2.0)):
        progress.score(outcome)
    assert progress.line() == (
        "4 of 12 trials done (2 diverged, 1 failed), 2 running, 6 to go; best FD 1 (c); last FD 2 (d); "
        "30 s elapsed, 4 trials/min, about 2 min left"
    )
    now[0] = 3600.0
    assert progress.rate == "2 trials/h"


def test_scores_that_are_better_high():
    progress = SweepProgress(2, "IS")
    progress.score(ended("a", "completed", 3.0, -3.0))
    progress.score(ended("b", "completed", 9.0, -9.0))
    assert progress.best == 9.0


def test_the_best_trial_is_chosen_by_the_selection_samples_and_shown_with_its_reporting_score():
    progress = SweepProgress(2, "FD")
    progress.score(Outcome(0, 0, "a", {}, "a", "completed", 1.0, 1.0, shown=7.0))
    progress.score(Outcome(1, 0, "b", {}, "b", "completed", 2.0, 2.0, shown=3.0))
    assert "best FD 7 (a); last FD 3 (b)" in progress.line()


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
