"""The share of the way from a task's baseline to its floor, and what is said of levels across tasks."""

import math
from dataclasses import replace

import pytest

from landscape.analysis.across_tasks import (
    Ends,
    LevelInTask,
    StudyOfTask,
    ends_of,
    levels_of,
    order_in_words,
    pairs_over_studies,
    ranks_over_studies,
    share_of,
    together,
    verdict,
)
from landscape.analysis.answer import AxisAnswer, LevelAnswer, PairAnswer
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


def pair(better, other, value, low, high, *, decided=True, **more):
    return PairAnswer(better, other, Interval(value, low, high), decided, 5, **more)


def of_pairs(name, *pairs, also=(), is_log=True):
    return replace(study(name, None), pairs=pairs, decided_together=frozenset(also), is_log=is_log)


ONE = of_pairs("one", pair("a", "b", 0.5, 0.4, 0.7), pair("a", "c", 0.9, 0.7, 1.2, decided=False), also=[("a", "b")])
TWO = of_pairs("two", pair("b", "a", 0.7, 0.5, 0.9), pair("c", "a", 0.9, 0.7, 1.2, decided=False))
TURN = (
    "The order of a and b turns round: a is better in one, where its FD[x] is 0.5 times that of b (0.4 to 0.7);"
    " b is better in two, where its FD[x] is 0.7 times that of a (0.5 to 0.9). With 95% for all 2 studies together,"
)
JOINT = "The intervals of a study's pairs hold jointly with 95% confidence, those of all 2 studies with 90% or more."


def test_a_pair_turns_round_if_both_orders_are_decided():
    """a and c change places too, and neither study decides them."""
    assert [(of.levels, of.turns) for of in pairs_over_studies([ONE, TWO])] == [(("a", "b"), True), (("a", "c"), False)]
    assert order_in_words([ONE, TWO]) == (f"{TURN} two is open, and so is the turn.", JOINT)
    assert order_in_words([ONE, replace(TWO, decided_together=frozenset([("b", "a")]))]) == (f"{TURN} this holds too.", JOINT)
    assert order_in_words([replace(ONE, decided_together=frozenset()), TWO])[0] == f"{TURN} one and two are open, and so is the turn."


def test_a_third_study_may_keep_the_turn():
    again = of_pairs("three", pair("b", "a", 0.6, 0.5, 0.8), also=[("b", "a")])
    said, joint = order_in_words([ONE, TWO, again])
    assert "; b is better in three, where its FD[x] is 0.6 times that of a (0.5 to 0.8). With 95% for all 3" in said
    assert said.endswith("this holds too.")
    assert joint.endswith("those of all 3 studies with 85% or more.")


def test_no_pair_turns_round_where_one_side_is_open_or_both_agree():
    no = "No pair of levels is shown to turn round: of 2 pairs that at least two studies compare,"
    is_open = replace(TWO, pairs=(pair("b", "a", 0.9, 0.7, 1.1, decided=False), *TWO.pairs[1:]))
    assert order_in_words([ONE, is_open]) == (f"{no} none is decided in at least two.", JOINT)
    agrees = replace(ONE, study="two")
    assert order_in_words([ONE, agrees]) == (f"{no} 1 is decided in at least two, each with the same level ahead.", JOINT)
    both = replace(ONE, pairs=tuple(replace(of, decided=True) for of in ONE.pairs))
    assert order_in_words([both, both])[0] == f"{no} 2 are decided in at least two, each with the same level ahead."


def test_what_one_study_alone_compares_is_not_counted():
    other = of_pairs("two", pair("c", "d", 0.5, 0.4, 0.7))
    assert order_in_words([ONE, other]) == ("No pair of levels is compared in at least two studies.",)
    assert "of 1 pair that" in order_in_words([ONE, other, of_pairs("three", pair("d", "c", 0.9, 0.5, 1.1, decided=False))])[0]


def test_turns_of_differences_and_of_divergence():
    plain = of_pairs("two", pair("b", "a", 0.2, 0.1, 0.3), is_log=False)
    assert "where its FD[x] differs from that of a by 0.2 (0.1 to 0.3)" in order_in_words([ONE, plain])[0]
    lost = of_pairs("two", replace(pair("b", "a", None, None, None), by_divergence=True))
    assert "b is better in two, where fewer of its seeds diverge than of a's." in order_in_words([ONE, lost])[0]


def test_coverage_over_studies_by_hand():
    assert together(4) == pytest.approx(0.9875)
    assert order_in_words([ONE] * 25)[-1].endswith("those of all 25 studies with 0% or more.")
