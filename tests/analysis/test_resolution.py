"""What a number of seeds can tell apart, before anything was measured."""

import math

import pytest

from landscape.analysis.paired import resolvable_difference
from landscape.analysis.resolution import resolution_sentence, resolvable_before


def test_pairs_and_looks_share_the_error():
    assert resolvable_before(0.1, 2, (5,)) == pytest.approx(resolvable_difference(math.sqrt(2) * 0.1, 5, level=0.95))
    # Three levels have 3 pairs, and each of two looks has half of the error of a pair.
    assert resolvable_before(0.1, 3, (5, 10)) == pytest.approx(resolvable_difference(math.sqrt(2) * 0.1, 5, level=1 - 0.05 / 6))


def test_the_sentence_names_what_the_first_look_decides():
    said = resolution_sentence("FD[pixels]", 2, (5,), log=True)
    assert said.startswith("5 paired seeds tell two of 2 levels apart, 4 times in 5, by a factor in FD[pixels]")
    assert f"{math.exp(resolvable_before(0.1, 2, (5,))):.3g} if by 10%" in said
    assert "differs by" in resolution_sentence("accuracy", 2, (5,), log=False)
    assert resolution_sentence("FD[pixels]", 1, (5,), log=True) == ""


@pytest.mark.parametrize("log", [True, False])
def test_fewer_than_five_seeds_tell_nothing_apart(log):
    """No interval is given below 5 seeds, so a look before that decides nothing by scores."""
    assert resolution_sentence("FD", 3, (4,), log=log) == "4 seeds tell no two levels apart by their scores: a verdict needs 5"
    assert resolution_sentence("FD", 3, (3, 6), log=log).startswith("6 paired seeds tell two of 3 levels apart")
    assert resolvable_before(0.1, 3, (3, 6)) == pytest.approx(resolvable_difference(math.sqrt(2) * 0.1, 6, level=1 - 0.05 / 6))
