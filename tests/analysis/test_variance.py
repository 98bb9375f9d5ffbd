"""Shares of variance: against statsmodels' sums of squares worked by hand, a known population, and the coverage of their intervals."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ncf, rankdata

from landscape.analysis.variance import _patnaik, variance_shares

CELLS = pd.DataFrame(list(itertools.product("abc", "xy", range(6))), columns=["loss", "norm", "number"])[["loss", "norm"]]


def drawn(rng, *, loss=0.0, norm=0.0, both=0.0, cells=CELLS):
    y = loss * cells["loss"].map({"a": -1, "b": 0, "c": 1}) + norm * cells["norm"].map({"x": -1, "y": 1})
    return (y + both * ((cells["loss"] == "a") & (cells["norm"] == "x")) + rng.normal(size=len(cells))).to_numpy(dtype=float)


def test_a_balanced_design_by_hand():
    y = drawn(np.random.default_rng(0), loss=1.0, norm=0.5)
    found = variance_shares(y, CELLS)
    ranks = rankdata(y)
    total = ((ranks - ranks.mean()) ** 2).sum()
    by = {axis: sum(len(g) * (g.mean() - ranks.mean()) ** 2 for _, g in pd.Series(ranks).groupby(CELLS[axis])) for axis in CELLS}
    noise = (total - sum(by.values())) / (36 - 1 - 2 - 1)
    assert found.axes["loss"].value == pytest.approx((by["loss"] - 2 * noise) / total)
    assert found.axes["norm"].value == pytest.approx((by["norm"] - noise) / total)
    assert found.axes["loss"].low < found.axes["loss"].value < found.axes["loss"].high
    within = sum(((g - g.mean()) ** 2).sum() for _, g in pd.Series(ranks).groupby([CELLS["loss"], CELLS["norm"]]))
    assert found.within == pytest.approx(within / 30 * 35 / total)


def test_interaction_and_what_is_missing():
    rng = np.random.default_rng(1)
    assert variance_shares(drawn(rng, both=4.0), CELLS).interaction.low > 0.02
    one = CELLS.drop_duplicates()
    alone = variance_shares(drawn(rng, cells=one), one)
    assert "one trial a cell" in alone.interaction.absent
    assert alone.within is None
    assert "only one level" in variance_shares(np.arange(6.0), one.assign(same="s")).axes["same"].absent
    assert "too few trials" in variance_shares([1.0, 2.0], one[:2]).axes["norm"].absent
    assert "the same" in variance_shares(np.ones(36), CELLS).axes["loss"].absent


def test_diverged_trials_have_the_last_place_and_a_scale_changes_nothing():
    y = drawn(np.random.default_rng(2), loss=1.0)
    lost = np.where(y > 1, np.inf, y)
    found = variance_shares(lost, CELLS)
    assert found.axes["loss"].value > 0.1
    assert variance_shares(np.exp(lost), CELLS).axes["loss"] == found.axes["loss"]


def test_the_seeds_share():
    y = np.arange(36.0)
    assert variance_shares(y, CELLS).seed is None
    small = variance_shares(y, CELLS, {"s": [10.2, 11.2, 12.2]}).seed
    assert small == pytest.approx(1 / np.arange(1.0, 37).var(ddof=1))
    assert variance_shares(y, CELLS, {"s": [10.2, np.inf]}).seed > 0.5


def test_intervals_hold_the_share_of_the_population():
    rng = np.random.default_rng(4)
    cells = pd.concat([CELLS] * 300, ignore_index=True)
    for loss in (0.0, 0.4, 1.2):
        truth = variance_shares(drawn(rng, loss=loss, norm=0.5, cells=cells), cells).axes["loss"].value
        held = 0
        for _ in range(150):
            share = variance_shares(drawn(rng, loss=loss, norm=0.5), CELLS).axes["loss"]
            held += share.low - 0.003 <= truth <= share.high
        assert held / 150 >= 0.91, loss


def test_the_approximation_beyond_scipy_is_close_where_scipy_reaches():
    """The private function is taken because shares use it only where SciPy has no value to compare with."""
    for observed, levels, freedom, shift in ((300.0, 2, 500, 600.0), (60.0, 3, 40, 120.0)):
        assert _patnaik(observed, levels, freedom, shift) == pytest.approx(ncf.cdf(observed, levels, freedom, shift), abs=0.005)
