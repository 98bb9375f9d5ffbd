"""The share of the way from a task's baseline to its floor, and what is said of levels across tasks."""

import math
from dataclasses import replace

import pytest

from landscape.analysis.across_tasks import Ends, LevelInTask, StudyOfTask, ends_of, levels_of, ranks_over_studies, share_of, verdict
from landscape.analysis.answer import AxisAnswer, LevelAnswer
from landscape.analysis.interval import Interval
from landscape.report.level_ranks import ranks_in_words


def test_shares_by_hand():
    frechet, accuracy = Ends(100.0, "mean fill", 1.0, True), Ends(0.1, "exchanged classes", 0.9, False)
    assert share_of(10.0, frechet) == pytest.approx(0.5)
    assert share_of(1000.0, frechet) == pytest.approx(-0.5)
    assert share_of(math.inf, frechet) == -math.inf
    assert share_of(0.5, accuracy) == pytest.approx(0.5)
    assert share_of(1.0, accuracy) == pytest.approx(1.125)


@pytest.mark.parametrize(
    ("start", "floor", "is_log"), [(None, 1.0, False), (2.0, None, False), (2.0, 2.0, False), (2.0, 0.0, True), (-1.0, 2.0, True)]
)
def test_without_two_ends_there_is_no_share(start, floor, is_log):
    assert ends_of(start, "copy", floor, is_log=is_log) is None
    (level,) = levels_of(AxisAnswer("loss", "open", "", levels=(LevelAnswer("hinge", Interval(2.0, 1.0, 3.0)),)), None)
    assert (level.place, level.share.value, level.share.has_interval) == (1, None, False)


def test_the_interval_of_the_mean_is_carried_over_with_its_ends_in_order():
    """A lower FD is a larger share, so that the upper end of the mean's interval gives the lower end of the share's."""
    levels = (
        LevelAnswer("hinge", Interval(10.0, 5.0, 20.0)),
        LevelAnswer("minimax", Interval(30.0)),
        LevelAnswer("untried", Interval(None)),
    )
    axis = AxisAnswer("loss", "open", "", levels=levels)
    hinge, minimax = levels_of(axis, ends_of(100.0, "copy", 1.0, is_log=True))
    assert hinge.share.value == pytest.approx(0.5)
    assert (hinge.share.low, hinge.share.high) == pytest.approx((math.log(5) / math.log(100), math.log(20) / math.log(100)))
    assert (minimax.place, minimax.share.has_interval) == (2, False)


def study(name, best, state="open"):
    return StudyOfTask(name, "inpainting", "mnist", "FD[x]", state, best, None, ())


def placed(name, *levels):
    share = Interval(None, absent="the task has no baseline")
    return replace(study(name, levels[0]), levels=tuple(LevelInTask(level, place, share) for place, level in enumerate(levels, 1)))


def test_ranks_over_studies_are_of_the_places_in_each():
    three = [placed(name, "hinge", "minimax", "wasserstein") for name in "abc"]
    found = ranks_over_studies(three)
    assert [(one.level, one.mean_rank) for one in found.levels] == [("hinge", 1.0), ("minimax", 2.0), ("wasserstein", 3.0)]
    said = "Mean ranks over 3 studies with all 3 levels: hinge 1, minimax 2 and wasserstein 3; not told apart are"
    assert ranks_in_words(found, "study", "studies") == f"{said} hinge and minimax; minimax and wasserstein."
    few = ranks_over_studies([*three[:2], placed("d", "hinge", "minimax")])
    said = "2 studies with all 3 levels: ranks cannot tell 3 levels apart over fewer than 3, even where one level is the best every time."
    assert ranks_in_words(few, "study", "studies") == said
    assert ranks_over_studies([placed("a", "hinge")]) is None
    six = ranks_over_studies([placed(name, "hinge", "minimax") for name in "abcdef"])
    assert ranks_in_words(six, "study", "studies").endswith("hinge 1 and minimax 2; all levels are told apart.")


def test_verdicts():
    assert verdict([study("a", "hinge", "decided"), study("b", "hinge")], "loss") == "hinge is ahead in all 2 studies (decided in a)."
    said = verdict([study("a", "hinge"), study("b", "minimax")], "loss")
    assert said == "No level is ahead everywhere: hinge in a, minimax in b (decided in none of them)."
    assert verdict([study("a", "hinge"), study("b", None)], "loss").startswith("Fewer than two studies confirmed levels of loss")
