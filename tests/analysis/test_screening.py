"""Which trials are scored by the whole protocol: those of which few samples do not show that they cannot win."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from landscape.analysis.matched import Searched, key_of, matched_design
from landscape.analysis.screening import Screened, finalists, joint_ends
from landscape.results.record import Estimate

AXES = ("loss", "norm")


def screened(loss, norm, value, half=0.1, ask=0, name=""):
    """A trial whose log distance is `value`, with a 95% interval of `half` to both sides."""
    ends = (math.exp(value - half), math.exp(value + half))
    estimate = None if value is None else Estimate(math.exp(value), "lower", ends)
    return Screened(name or f"{loss}{norm}{ask}", key_of(f"{loss} / {norm}", {"rate": ask}), {"loss": loss, "norm": norm}, estimate)


def kept(*trials, **how):
    return set(finalists(trials, AXES, "FD[pixels]", **how))


def test_intervals_are_widened_so_that_all_of_them_hold_together():
    one = screened("a", "x", 1.0).estimate
    low, high = joint_ends(one, "FD[pixels]", 1)
    assert (low, high) == (pytest.approx(0.9), pytest.approx(1.1))
    low, high = joint_ends(one, "FD[pixels]", 50)
    # The normal quantile at 0.05 / 50 / 2 is 3.2905, at 0.05 / 2 it is 1.95996.
    assert (low, high) == (pytest.approx(1 - 0.1 * 3.2905 / 1.95996, rel=1e-4), pytest.approx(1 + 0.1 * 3.2905 / 1.95996, rel=1e-4))
    better_high = Estimate(0.8, "higher", (0.7, 0.85))
    assert joint_ends(better_high, "recall[pixels]", 1) == (pytest.approx(-0.85), pytest.approx(-0.7))
    assert joint_ends(Estimate(0.8, "lower"), "FD[pixels]", 9) == (-math.inf, math.inf)
    assert joint_ends(None, "FD[pixels]", 9) == (math.inf, math.inf)


def test_settings_are_kept_where_a_choice_is_open():
    best, close, far = screened("a", "x", 0.0), screened("a", "x", 0.2, ask=1), screened("a", "x", 0.9, ask=2)
    beside, below, across = screened("b", "x", 5.0), screened("a", "y", 6.0), screened("b", "y", 4.0)
    # The levels of each axis are compared beside a and x, for which (b, x) and (a, y) have a single setting each.
    assert kept(best, close, far, beside, below, across) == {"ax0", "ax1"}
    # If two settings may represent (b, x), the choice between them is open, and not if one is far behind or in a cell that is not compared.
    rival = screened("b", "x", 5.1, ask=1)
    assert kept(best, close, far, beside, rival, below, across) == {"ax0", "ax1", "bx0", "bx1"}
    assert kept(best, close, far, beside, screened("b", "x", 7.0, ask=1), below, across) == {"ax0", "ax1"}
    assert kept(best, close, far, beside, below, across, screened("b", "y", 4.0, ask=1)) == {"ax0", "ax1"}
    assert kept(best, close, far, beside, rival, below, across, confirmed=("norm",)) == {"ax0", "ax1"}


def test_combinations_that_may_be_first_are_ranked_by_whole_scores():
    """Beside x and beside y the best losses are as good as equal, so that both rank their combination. With two of two, no rank is open."""
    trials = [screened("a", "x", 0.0), screened("b", "x", 3.0), screened("b", "y", 0.1), screened("a", "y", 3.0)]
    assert kept(*trials) == {"ax0", "by0"}
    third = [screened("a", "z", 2.0), screened("b", "z", 4.0)]
    assert kept(*trials, *third, cells=2) == {"ax0", "by0"}
    near = [screened("a", "z", 2.0), screened("b", "z", 4.0), screened("a", "w", 2.1), screened("b", "w", 4.0)]
    # For the second of two combinations beside x, those of z and w are rivals when y is far.
    assert {"az0", "aw0"} <= kept(screened("a", "x", 0.0), screened("b", "x", 3.0), *near, cells=2)


def test_a_threshold_is_the_overlap_of_two_joint_intervals():
    """Two trials: the joint intervals are wider by 2.2414 / 1.95996, so they overlap below a distance of 2 x 0.11436."""
    for distance, found in ((0.228, {"ax0", "ax1"}), (0.230, {"ax0"})):
        assert kept(screened("a", "x", 0.0), screened("a", "x", distance, ask=1)) == found


def test_trials_without_a_score_are_out_and_those_without_an_interval_are_in():
    lost = Screened("lost", key_of("a / x", {"rate": 7}), {"loss": "a", "norm": "x"}, None)
    unsure = Screened("unsure", key_of("a / x", {"rate": 8}), {"loss": "a", "norm": "x"}, Estimate(99.0, "lower"))
    assert kept(screened("a", "x", 0.0), lost, unsure) == {"ax0", "unsure"}
    assert kept(lost) == set()


def test_seeds_of_a_setting_stay_together():
    one, two = screened("a", "x", 0.0, name="first"), screened("a", "x", 3.0, name="second")
    assert kept(one, two, screened("a", "x", 5.0, ask=1)) == {"first", "second"}


def test_what_the_whole_protocol_would_choose_is_kept_in_all_but_a_small_share_of_studies():
    """Twelve cells of three settings: the settings of the confirmation are those that true values of all trials give."""
    rng = np.random.default_rng(0)
    cells = list(itertools.product("abcd", "xyz"))
    lost = saved = 0
    studies = 200
    for _ in range(studies):
        true = {(cell, ask): rng.normal(0, 0.5) for cell in cells for ask in range(3)}
        noisy = {at: value + rng.normal(0, 0.1) for at, value in true.items()}
        trials = [screened(*cell, value, half=0.196, ask=ask) for (cell, ask), value in noisy.items()]
        found = kept(*trials)
        searched = [
            Searched(i, f"{cell[0]} / {cell[1]}", {"loss": cell[0], "norm": cell[1]}, {"rate": ask}, value)
            for i, ((cell, ask), value) in enumerate(true.items())
        ]
        seen = [
            replace(one, cost=value if t.digest in found else math.inf, screened=math.log(t.estimate.value))
            for one, t, value in zip(searched, trials, true.values(), strict=True)
        ]
        lost += matched_design(searched, AXES) != matched_design(seen, AXES)
        saved += len(trials) - len(found)
    assert lost <= 0.05 * studies
    assert saved > 0.3 * studies * 36
