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
    assert found.within.value == pytest.approx(within / 30 * 35 / total)
    assert found.within.low < found.within.value < found.within.high


def test_interaction_and_what_is_missing():
    rng = np.random.default_rng(1)
    assert variance_shares(drawn(rng, both=4.0), CELLS).interaction.low > 0.02
    one = CELLS.drop_duplicates()
    alone = variance_shares(drawn(rng, cells=one), one)
    assert "one trial a cell" in alone.interaction.absent
    assert alone.within.value is alone.seed.value is None
    assert "one trial a cell" in alone.within.absent
    assert "only one level" in variance_shares(np.arange(6.0), one.assign(same="s")).axes["same"].absent
    assert "too few trials" in variance_shares([1.0, 2.0], one[:2]).axes["norm"].absent
    assert "the same" in variance_shares(np.ones(36), CELLS).axes["loss"].absent


def test_diverged_trials_have_the_last_place_and_a_scale_changes_nothing():
    y = drawn(np.random.default_rng(2), loss=1.0)
    lost = np.where(y > 1, np.inf, y)
    found = variance_shares(lost, CELLS)
    assert found.axes["loss"].value > 0.1
    assert variance_shares(np.exp(lost), CELLS).axes["loss"] == found.axes["loss"]


def test_what_differs_within_a_cell_is_divided_between_hyperparameters_and_seed():
    y = np.exp(drawn(np.random.default_rng(3), loss=0.5))
    alone = variance_shares(y, CELLS)
    assert alone.seed.value is alone.hyperparameters.value is None
    assert alone.seed.absent == "the seed's share cannot be told without repeated seeds"
    repeats = {f"s{i}": np.exp(0.5 * np.random.default_rng(i).normal(size=5)) for i in range(6)}
    found = variance_shares(y, CELLS, repeats, log=True)
    squares = np.mean([np.log(runs).var(ddof=1) for runs in repeats.values()])
    within = np.mean([np.log(of).var(ddof=1) for _, of in pd.Series(y).groupby([CELLS["loss"], CELLS["norm"]])])
    assert found.seed_part.value == pytest.approx(squares / within)
    assert found.seed.value == pytest.approx(found.within.value * squares / within)
    assert found.seed.value + found.hyperparameters.value == pytest.approx(found.within.value)
    for share in (found.seed, found.hyperparameters, found.seed_part):
        assert 0 < share.low < share.value < share.high <= 1
    assert found.of_confirmed


def test_several_seeds_of_a_setting_in_the_search_count_as_one_trial():
    """The shares are those of single trials, and what the seeds vary is told from the search itself."""
    rng = np.random.default_rng(5)
    cells = pd.concat([CELLS] * 100, ignore_index=True)
    settings = [str(i) for i in range(len(cells))]
    centers = drawn(rng, loss=0.8, cells=cells) * np.sqrt(0.75)
    once = variance_shares(centers + rng.normal(0, 0.5, len(cells)), cells)
    several, five = pd.concat([cells] * 5, ignore_index=True), settings * 5
    y = np.tile(centers, 5) + rng.normal(0, 0.5, 5 * len(cells))
    found = variance_shares(y, several, settings=five)
    assert found.within.n == len(cells)
    assert not found.of_confirmed
    assert found.axes["loss"].value == pytest.approx(once.axes["loss"].value, abs=0.02)
    assert found.within.value == pytest.approx(once.within.value, abs=0.02)
    assert found.seed_part.value == pytest.approx(0.25, abs=0.015)
    assert found.seed.value == pytest.approx(found.within.value * 0.25, abs=0.015)


def test_seeds_of_one_setting_a_cell_are_the_whole_rest():
    y, cells = drawn(np.random.default_rng(6), loss=1.0), CELLS
    found = variance_shares(y, cells, settings=[f"{a}{b}" for a, b in cells.itertuples(index=False)])
    assert found.seed == found.within == variance_shares(y, cells).within
    assert found.hyperparameters.absent == "one setting a cell: no hyperparameters vary"
    one = pd.DataFrame({"loss": ["a"] * 12})
    repeats = {str(i): np.random.default_rng(i).normal(0, 0.5, 5) for i in range(4)}
    single = variance_shares(np.random.default_rng(7).normal(size=12), one, repeats)
    assert single.within.value == 1
    assert (single.seed.value, single.seed.low, single.seed.high) == (single.seed_part.value, single.seed_part.low, single.seed_part.high)


NOISE = {"normal": lambda rng, shape: rng.normal(size=shape), "skewed": lambda rng, shape: rng.exponential(size=shape) - 1}


def searched_and_confirmed(rng, of, *, cells=CELLS, part=0.3, loss=0.6, confirmed=7):
    """A search with hyperparameters and seed of variance 1 within a cell, and five seeds of some settings."""
    noise, n = NOISE[of], len(cells)
    center = loss * cells["loss"].map({"a": -1, "b": 0, "c": 1}).to_numpy(dtype=float)
    costs = center + np.sqrt(1 - part) * noise(rng, n) + np.sqrt(part) * noise(rng, n)
    runs = center[:confirmed, None] + np.sqrt(part) * noise(rng, (confirmed, 5))
    return np.exp(costs), {str(i): np.exp(of_one) for i, of_one in enumerate(runs)}


@pytest.mark.parametrize(("of", "part"), [("normal", 0.3), ("skewed", 0.3), ("normal", 0.8)])
def test_intervals_of_seed_and_hyperparameters_hold_the_shares_of_the_population(of, part):
    rng, repetitions = np.random.default_rng(8), 150
    many = pd.concat([CELLS] * 300, ignore_index=True)
    within = variance_shares(searched_and_confirmed(rng, of, cells=many, part=part)[0], many).within.value
    truth = {"within": within, "seed": within * part, "hyperparameters": within * (1 - part), "seed_part": part}
    held = dict.fromkeys(truth, 0)
    for _ in range(repetitions):
        found = variance_shares(
            searched_and_confirmed(rng, of, part=part)[0], CELLS, searched_and_confirmed(rng, of, part=part)[1], log=True
        )
        for name, value in truth.items():
            share = getattr(found, name)
            held[name] += share.low <= value <= share.high
    assert all(count / repetitions >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / repetitions) for count in held.values()), held


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
