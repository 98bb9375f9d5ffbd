"""Ranks over matched blocks against Demsar's worked example, scipy and hand-worked cases; false alarms and coverage by simulation."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, friedmanchisquare, rankdata

from landscape.analysis.critical_difference import axis_ranks, critical_difference, fewest_blocks, nemenyi_quantile, ranked
from landscape.analysis.frames import ScoreFacts, TrialTable

NAMES = ("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf")
AUC = """
.763 .768 .771 .798  .599 .591 .590 .569  .954 .971 .968 .967  .628 .661 .654 .657  .882 .888 .886 .898  .936 .931 .916 .931  .661 .668 .609 .685
.583 .583 .563 .625  .775 .838 .866 .875  1 1 1 1  .940 .962 .965 .962  .619 .666 .614 .669  .972 .981 .9751 .975  .957 .978 .946 .970
"""
"""Table 6 of Demsar 2006: the AUC of four classifiers on 14 data sets, of which some are tied.

Its ranks tell the third value of the 13th data set, .975, from the fourth, also .975 in print. It is .9751 here.
"""


def blocks_of(costs):
    return [dict(zip("abcdefgh"[: len(row)], map(float, row), strict=True)) for row in costs]


def test_the_worked_example_of_demsar():
    auc = np.array(AUC.split(), dtype=float).reshape(14, 4)
    found = ranked([dict(zip(NAMES, -row, strict=True)) for row in auc])
    assert {one.level: round(one.mean_rank, 3) for one in found.levels} == dict(zip(NAMES, (3.143, 2.0, 2.893, 1.964), strict=True))
    assert [one.level for one in found.levels] == ["C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"]
    assert (found.blocks, found.left_out) == (14, 0)
    assert found.critical_difference == pytest.approx(2.569 * math.sqrt(4 * 5 / (6 * 14)), abs=1e-3)  # The paper rounds it to 1.25.
    # Friedman's statistic with the correction for ties, written out (Conover 1999, equation 5.8.8).
    ranks = rankdata(-auc, axis=1)
    statistic = 14**2 * 3 * ((ranks.mean(0) - 2.5) ** 2).sum() / ((ranks - 2.5) ** 2).sum()
    assert found.p == pytest.approx(chi2.sf(statistic, 3))
    # No difference reaches 1.25: the largest is 3.143 - 1.964 = 1.179.
    assert found.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"),)
    assert (found.levels[3].behind.low, found.levels[3].behind.high) == (
        pytest.approx(1.179 - 1.254, abs=2e-3),
        pytest.approx(2.433, abs=2e-3),
    )
    assert not found.levels[0].behind.has_interval


def test_the_quantiles_of_demsars_table_5():
    published = (1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164)
    assert [nemenyi_quantile(k) for k in range(2, 11)] == pytest.approx(published, abs=1e-3)
    assert [nemenyi_quantile(k, 0.9) for k in (2, 5, 10)] == pytest.approx((1.645, 2.459, 2.920), abs=1e-3)


def test_levels_that_are_told_apart_are_in_no_common_group():
    """Ten blocks with mean ranks 1, 2.4, 2.6 and 4, where 1.48 is the critical difference."""
    rows = [(1, 2, 3, 4)] * 6 + [(1, 3, 2, 4)] * 4
    found = ranked(blocks_of(rows))
    assert [one.mean_rank for one in found.levels] == pytest.approx([1, 2.4, 2.6, 4])
    assert found.critical_difference == pytest.approx(1.483, abs=1e-3)
    assert found.groups == (("a", "b"), ("b", "c"), ("c", "d"))
    assert [one.together for one in found.levels] == [("b",), ("a", "c"), ("b", "d"), ("c",)]


def test_equal_costs_and_diverged_ones_share_ranks():
    found = ranked(blocks_of([(1, 1, 5), (1, 2, math.inf), (2, math.inf, math.inf)]))
    assert [one.mean_rank for one in found.levels] == pytest.approx([(1.5 + 1 + 1) / 3, (1.5 + 2 + 2.5) / 3, (3 + 3 + 2.5) / 3])
    ranks = [(1.5, 1.5, 3), (1, 2, 3), (1, 2.5, 2.5)]
    assert found.p == pytest.approx(friedmanchisquare(*np.transpose(ranks)).pvalue)
    same = ranked(blocks_of([(1, 1, 1)] * 4))
    assert (same.p, same.groups) == (1.0, (("a", "b", "c"),))


def test_two_levels_are_compared_by_the_exact_sign_test():
    found = ranked(blocks_of([(1, 2)] * 6))
    assert (found.p, found.groups, found.critical_difference) == (pytest.approx(2 / 2**6), (), None)
    assert found.levels[1].behind.value == 1
    assert found.levels[1].behind.low == pytest.approx(2 * 0.025 ** (1 / 6) - 1)  # Clopper-Pearson of 6 of 6
    tied = ranked(blocks_of([(1, 2)] * 6 + [(2, 1)] + [(3, 3)] * 3))
    assert tied.p == pytest.approx(2 * 8 / 2**7)
    assert tied.levels[1].behind.value == pytest.approx(5 / 10)
    assert tied.groups == (("a", "b"),)
    assert ranked(blocks_of([(3, 3)] * 8)).p == 1.0


def test_blocks_that_lack_a_level_do_not_count():
    whole = blocks_of([(1, 2, 3)] * 4)
    found = ranked([*whole, {"a": 9.0, "b": 1.0}])
    assert (found.blocks, found.left_out) == (4, 1)
    assert found.levels == ranked(whole).levels


@pytest.mark.parametrize("levels", [2, 3, 4, 6])
def test_fewer_blocks_than_could_tell_anything_say_so(levels):
    needed = fewest_blocks(levels)
    perfect = [range(levels)]
    few = ranked(blocks_of(perfect * (needed - 1)))
    assert (few.levels, few.groups, few.p, few.compared) == ((), (), None, levels)
    enough = ranked(blocks_of(perfect * needed))
    assert enough.levels[-1].level not in enough.levels[0].together
    assert levels == 2 or critical_difference(levels, needed) <= levels - 1 < critical_difference(levels, needed - 1)


def table_of(cells):
    """Return search trials: the costs of each (loss, regularizer). None stands for a diverged trial."""
    rows = [
        {
            "digest": f"{loss}{of}{i}",
            "setting": f"{loss}{of}{i}",
            "role": "search",
            "status": "diverged" if value is None else "completed",
            "axis:loss": loss,
            "axis:regularizer": of,
            "score:recall": math.nan if value is None else value,
        }
        for (loss, of), values in cells.items()
        for i, value in enumerate(values)
    ]
    return TrialTable(pd.DataFrame(rows), ("loss", "regularizer"), {}, {"recall": ScoreFacts("recall", "higher")})


def test_cells_are_ranked_by_the_median_of_their_trials():
    """Recall is better high. `a` has the best single trial of every cell, `b` the best medians, and `c` mostly diverges."""
    cells = {("a", f"r{i}"): [0.9, 0.1, 0.1] for i in range(4)}
    cells |= {("b", f"r{i}"): [0.5, 0.5, 0.4] for i in range(4)} | {("c", f"r{i}"): [0.8, None, None] for i in range(4)}
    found = axis_ranks(table_of(cells), "loss", "recall")
    assert [(one.level, one.mean_rank) for one in found.levels] == [("b", 1.0), ("a", 2.0), ("c", 3.0)]
    assert found.blocks == 4
    assert axis_ranks(table_of({("a", "r"): [0.5]}), "loss", "recall") is None


def false_alarms(levels, blocks, draws, rng, grid=None):
    """Return how often levels that do not differ are told apart. `grid` rounds costs to its multiples, so that some are equal."""
    alarms = 0
    for _ in range(draws):
        costs = rng.normal(size=(blocks, levels)) + rng.normal(size=(blocks, 1))
        found = ranked(blocks_of(costs if grid is None else np.round(costs / grid)))
        alarms += any(len(one.together) < levels - 1 for one in found.levels)
    return alarms / draws


@pytest.mark.parametrize(("levels", "blocks"), [(2, 6), (2, 9), (2, 30), (3, 3), (3, 9), (3, 30), (5, 3), (5, 12)])
def test_levels_that_do_not_differ_are_seldom_told_apart(levels, blocks):
    """In 5% of cases, or up to 6.0% over 9 blocks of 3 levels, because mean ranks are discrete."""
    rng = np.random.default_rng(levels * 100 + blocks)
    assert false_alarms(levels, blocks, 400, rng) <= 0.06 + 2.5 * math.sqrt(0.06 * 0.94 / 400)
    assert false_alarms(levels, blocks, 200, rng, grid=1.0) <= 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize(("shifts", "spreads"), [((0, 0.7), (1, 1)), ((0, 0.3, 1.0), (1, 1, 1)), ((0, 0, 0.8, 2), (1, 3, 1, 0.3))])
@pytest.mark.parametrize("blocks", [6, 20])
def test_intervals_of_differences_of_mean_ranks_cover_jointly(shifts, spreads, blocks):
    rng = np.random.default_rng(blocks)
    many = rng.normal(shifts, spreads, size=(200_000, len(shifts)))
    expected = dict(zip("abcd", many.argsort(axis=1).argsort(axis=1).mean(axis=0), strict=False))
    held, draws = 0, 400
    for _ in range(draws):
        found = ranked(blocks_of(rng.normal(shifts, spreads, size=(blocks, len(shifts)))))
        best = found.levels[0].level
        compared = [one for one in found.levels if one.behind.has_interval]
        held += all(one.behind.low <= expected[one.level] - expected[best] <= one.behind.high for one in compared)
    assert held / draws >= 0.95 - 2.5 * math.sqrt(0.05 * 0.95 / draws)
